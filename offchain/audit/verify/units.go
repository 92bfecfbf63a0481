package verify

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
)

// join makes the units of a zone without their sums: contest by contest,
// groups in the order of the election until enough ballots are together; what
// remains goes to the last union.
func (z *zone) join() []*tallyv1.Unit {
	e := z.election
	least := election.MinJoined(e.def)
	var units []*tallyv1.Unit
	for _, contest := range election.ZoneContests(e.def, z.index) {
		first := len(units) // of this contest
		fresh := true
		for _, g := range election.ContestGroups(e.def, z.index, contest) {
			if fresh {
				units = append(units, &tallyv1.Unit{Contest: contest})
				fresh = false
			}
			u := units[len(units)-1]
			u.Groups = append(u.Groups, g)
			if s := e.sums[cell{g, contest}]; s != nil {
				u.Ballots += s.ballots
			}
			fresh = u.Ballots >= least
		}
		if last := len(units) - 1; last > first && units[last].Ballots < least {
			into := units[last-1]
			into.Groups = append(into.Groups, units[last].Groups...)
			into.Ballots += units[last].Ballots
			units = units[:last]
		}
	}
	return units
}

// small reports whether a contest has ballots, but too few in all: no union
// then reaches the least number.
func (z *zone) small(units []*tallyv1.Unit) bool {
	for _, u := range units {
		if u.Ballots > 0 && u.Ballots < election.MinJoined(z.election.def) {
			return true
		}
	}
	return false
}

// total adds up the sums of a unit's groups.
func (e *elect) total(u *tallyv1.Unit) error {
	total := elgamal.NewSum(len(e.def.Contests[u.Contest].Options))
	for _, g := range u.Groups {
		s := e.sums[cell{g, u.Contest}]
		if s == nil {
			continue
		}
		if err := total.Add(s.total.R, s.total.C); err != nil {
			return fmt.Errorf("contest %d, group %d: %w", u.Contest, g, err)
		}
	}
	b := total.Encode()
	u.R, u.C = b[:group.Size], b[group.Size:]
	return nil
}
