package tally_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/tally"
)

// towns is a definition with a style for each of n counting groups.
func towns(n int) *electionv1.Definition {
	def := sample.Definition()
	def.Groups, def.Styles = nil, nil
	for i := range n {
		def.Groups = append(def.Groups, &electionv1.CountingGroup{Title: sample.Text(fmt.Sprint(i))})
		def.Styles = append(def.Styles, &electionv1.Style{Name: fmt.Sprint(i), Title: sample.Text("x"), Group: uint32(i), Contests: []uint32{0, 1}})
	}
	return def
}

func TestGroupsAreJoinedUntilEachUnionIsLargeEnough(t *testing.T) {
	for name, tc := range map[string]struct {
		ballots []uint64
		least   uint32
		want    string
		small   bool
	}{
		"each large enough":          {[]uint64{10, 11, 12}, 0, "[[0]:10 [1]:11 [2]:12]", false},
		"small ones join the next":   {[]uint64{3, 4, 5, 10}, 0, "[[0 1 2]:12 [3]:10]", false},
		"a remainder joins the last": {[]uint64{10, 20, 9}, 0, "[[0]:10 [1 2]:29]", false},
		"empty ones join too":        {[]uint64{0, 10, 0, 0}, 0, "[[0 1 2 3]:10]", false},
		"fewer in all":               {[]uint64{3, 3, 3}, 0, "[[0 1 2]:9]", true},
		"none at all":                {[]uint64{0, 0}, 0, "[[0 1]:0]", false},
		"another limit":              {[]uint64{3, 4, 5, 1}, 3, "[[0]:3 [1]:4 [2 3]:6]", false},
		"limit of one":               {[]uint64{1, 0, 1}, 1, "[[0]:1 [1 2]:1]", false},
	} {
		t.Run(name, func(t *testing.T) {
			def := towns(len(tc.ballots))
			def.MinJoined = tc.least
			units, small := tally.JoinUnits(def, 0, func(group, contest uint32) uint64 {
				if contest == 1 {
					return 0
				}
				return tc.ballots[group]
			})
			var got []string
			for _, u := range units {
				if u.Contest == 0 {
					got = append(got, fmt.Sprintf("%v:%d", u.Groups, u.Ballots))
				}
			}
			if fmt.Sprint(got) != tc.want || small != tc.small {
				t.Fatalf("units are %v, small %v; want %s, %v", got, small, tc.want, tc.small)
			}
			last := units[len(units)-1]
			if last.Contest != 1 || len(last.Groups) != len(tc.ballots) || tally.Decrypted(last) {
				t.Fatalf("the contest without ballots is %v", last)
			}
		})
	}
}

func TestBoundsFollowFromTheRules(t *testing.T) {
	def := sample.Definition()
	choice, points := def.Contests[0], def.Contests[1]
	free := sample.Definition().Contests[1]
	free.HasTotal, free.TotalMax = false, 0
	must := sample.Definition().Contests[0]
	must.Min = 1
	unit := &tallyv1.Unit{Ballots: 10}
	for name, tc := range map[string]struct {
		contest *electionv1.Contest
		counts  []uint64
		ok      bool
	}{
		"all for one":                {choice, []uint64{10, 0, 0}, true},
		"abstentions":                {choice, []uint64{1, 0, 0}, true},
		"more than ballots for one":  {choice, []uint64{11, 0, 0}, false},
		"more than ballots in all":   {choice, []uint64{6, 5, 0}, false},
		"an option missing":          {choice, []uint64{6, 4}, false},
		"fewer than the least":       {must, []uint64{6, 3, 0}, false},
		"exactly the least":          {must, []uint64{6, 4, 0}, true},
		"all points":                 {points, []uint64{30, 20}, true},
		"more points than a score":   {points, []uint64{31, 0}, false},
		"more points than the total": {points, []uint64{30, 21}, false},
		"no total":                   {free, []uint64{30, 30}, true},
		"a count that wraps around":  {choice, []uint64{math.MaxUint64, 1, 0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tally.CheckBounds(tc.contest, unit, tc.counts); (err == nil) != tc.ok {
				t.Fatalf("%v: %v", tc.counts, err)
			}
		})
	}
}
