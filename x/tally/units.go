package tally

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
)

// JoinUnits joins the counting groups of a zone, contest by contest, until each
// union has enough counted ballots. The units carry no sums. small says that a
// contest has some ballots but too few in all: it then is one unit, which may
// be decrypted only by recorded consent.
func JoinUnits(def *electionv1.Definition, zone uint32, ballots func(group, contest uint32) uint64) (units []*tallyv1.Unit, small bool) {
	least := election.MinJoined(def)
	for _, contest := range election.ZoneContests(def, zone) {
		joined := joinContest(def, zone, contest, least, ballots)
		units = append(units, joined...)
		if n := joined[0].Ballots; len(joined) == 1 && n > 0 && n < least {
			small = true
		}
	}
	return units, small
}

func joinContest(def *electionv1.Definition, zone, contest uint32, least uint64, ballots func(group, contest uint32) uint64) []*tallyv1.Unit {
	var done []*tallyv1.Unit
	open := &tallyv1.Unit{Contest: contest}
	for _, g := range election.ContestGroups(def, zone, contest) {
		open.Groups = append(open.Groups, g)
		open.Ballots += ballots(g, contest)
		if open.Ballots >= least {
			done = append(done, open)
			open = &tallyv1.Unit{Contest: contest}
		}
	}
	if len(open.Groups) == 0 {
		return done
	}
	if len(done) == 0 {
		return []*tallyv1.Unit{open}
	}
	last := done[len(done)-1]
	last.Groups = append(last.Groups, open.Groups...)
	last.Ballots += open.Ballots
	return done
}

// BuildUnits makes the units of a closed zone with their sums; sum is nil for a
// group and contest without ballots. Without consent a small count makes units
// that wait and hold no sums.
func BuildUnits(def *electionv1.Definition, zone uint32, consent bool, sum func(group, contest uint32) *ballotv1.Sum) (*tallyv1.Units, error) {
	units, small := JoinUnits(def, zone, func(group, contest uint32) uint64 {
		if s := sum(group, contest); s != nil {
			return s.Ballots
		}
		return 0
	})
	out := &tallyv1.Units{Units: units, WaitingConsent: small && !consent}
	if out.WaitingConsent {
		return out, nil
	}
	for _, u := range units {
		if err := fill(u, len(def.Contests[u.Contest].Options), sum); err != nil {
			return nil, fmt.Errorf("build unit of contest %d: %w", u.Contest, err)
		}
	}
	return out, nil
}

// fill adds up the sums of a unit's groups.
func fill(u *tallyv1.Unit, slots int, sum func(group, contest uint32) *ballotv1.Sum) error {
	total := elgamal.NewSum(slots)
	for _, g := range u.Groups {
		part := sum(g, u.Contest)
		if part == nil {
			continue
		}
		s, err := elgamal.DecodeSum(slots, append(bytes.Clone(part.R), part.C...))
		if err != nil {
			return fmt.Errorf("read sum of group %d: %w", g, err)
		}
		if err := total.Add(s.R, s.C); err != nil {
			return fmt.Errorf("add sum of group %d: %w", g, err)
		}
	}
	b := total.Encode()
	u.R, u.C = b[:group.Size], b[group.Size:]
	return nil
}

// Decrypted reports whether a unit has anything to decrypt.
func Decrypted(u *tallyv1.Unit) bool { return u.Ballots > 0 }

// Empty reports whether no unit has a ballot.
func Empty(units *tallyv1.Units) bool {
	for _, u := range units.Units {
		if Decrypted(u) {
			return false
		}
	}
	return true
}
