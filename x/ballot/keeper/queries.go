package keeper

import (
	"encoding/binary"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// Spent is the record of a ballot key, if it has cast a ballot in any election
// of the chain.
func (k *Keeper) Spent(r ledger.Reader, ballotKey []byte) (*ballotv1.Spent, bool) {
	b := r.Get(ballot.SpentKey(ballotKey))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[ballotv1.Spent](b), true
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
// of a panel.
func (k *Keeper) PanelAccepted(r ledger.Reader, id [32]byte, class, panel uint32) uint64 {
	b := r.Get(ballot.PanelKey(id, class, panel))
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
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
