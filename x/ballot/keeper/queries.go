package keeper

import (
	"encoding/binary"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// Spent is the record of a ballot key, if it has cast a ballot in any election
// of the chain; the election is known by its number, see ElectionOf.
func (k *Keeper) Spent(r ledger.Reader, ballotKey []byte) (*ballot.Spent, bool) {
	b := r.Get(ballot.SpentKey(ballotKey))
	if b == nil {
		return nil, false
	}
	return mustDecode(b), true
}

// ElectionOf is the id of the election in which a key was spent.
func (k *Keeper) ElectionOf(r ledger.Reader, s *ballot.Spent) [32]byte {
	id, ok := k.elections.Numbered(r, s.Number)
	if !ok {
		panic("ballot: a key was spent in an election that is not there")
	}
	return id
}

func mustDecode(b []byte) *ballot.Spent {
	s, err := ballot.DecodeSpent(b)
	must(err)
	return s
}

// Sum is the encrypted sum of a counting group and contest; ok is false if no
// ballot was accepted there.
func (k *Keeper) Sum(r ledger.Reader, id [32]byte, group, contest uint32) (*ballotv1.Sum, bool) {
	b := r.Get(ballot.SumKey(id, group, contest))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[ballotv1.Sum](b), true
}

// Counts of a token class, zeros if no ballot was accepted.
func (k *Keeper) Counts(r ledger.Reader, id [32]byte, class uint32) *ballotv1.ClassCounts {
	b := r.Get(ballot.CountsKey(id, class))
	if b == nil {
		return &ballotv1.ClassCounts{}
	}
	return ledger.MustDecode[ballotv1.ClassCounts](b)
}

// PanelAccepted is how many first ballots of a class were accepted with tokens
// of a panel before this block.
func (k *Keeper) PanelAccepted(r ledger.Reader, id [32]byte, class, panel uint32) uint64 {
	n, _ := ledger.Recall(r, ballot.PanelKey(id, class, panel), binary.BigEndian.Uint64)
	return n
}

// Counted is the finished list of what is counted in a zone; ok is false while
// it is not finished.
func (k *Keeper) Counted(r ledger.Reader, id [32]byte, zone uint32) (*ballotv1.Counted, bool) {
	b := r.Get(ballot.CountedKey(id, zone))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[ballotv1.Counted](b), true
}
