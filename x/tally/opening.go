package tally

import (
	"fmt"
	"slices"
	"sync"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
)

var openingLabel = transcript.Register("tally/opening")

// AddTrustee notes that a participant has given its share. Shares that come
// after the list is fixed make no difference.
func AddTrustee(c *tallyv1.CountingTrustees, trustee uint32) {
	if c.Fixed {
		return
	}
	i, _ := slices.BinarySearch(c.Trustees, trustee)
	c.Trustees = slices.Insert(c.Trustees, i, trustee)
}

// OpeningHash names what a zone's sums open to: it hashes the units and the
// shares of the trustees that count, in their order.
func OpeningHash(chainID string, election [32]byte, zone uint32, units *tallyv1.Units, trustees []uint32, shares []*tallyv1.DecryptionShare) [32]byte {
	t := transcript.New(openingLabel, chainID, election)
	t.AppendUint64(uint64(zone))
	t.Append(ledger.MustEncode(units))
	for i, j := range trustees {
		t.AppendUint64(uint64(j))
		t.Append(ledger.MustEncode(shares[i]))
	}
	return t.Hash32()
}

// Opening is what the shares that count open a zone's sums to: for each unit
// with ballots the points m·B of its slots. It is computed once, when it is first
// asked for, and safe for concurrent use.
type Opening struct {
	// Hash of all that it follows from.
	Hash [32]byte
	// Slots of all units.
	Slots  int
	points func() ([][]group.Point, error)
}

// NewOpening prepares the opening of units by the accepted shares of trustees,
// in the order of their indices. Hash is their OpeningHash.
func NewOpening(hash [32]byte, units *tallyv1.Units, trustees []uint32, shares []*tallyv1.DecryptionShare) *Opening {
	o := &Opening{Hash: hash, points: sync.OnceValues(func() ([][]group.Point, error) { return open(units, trustees, shares) })}
	for _, u := range units.Units {
		o.Slots += len(u.C) / group.Size
	}
	return o
}

// Points by unit, nil for a unit without ballots.
func (o *Opening) Points() ([][]group.Point, error) { return o.points() }

func open(units *tallyv1.Units, trustees []uint32, shares []*tallyv1.DecryptionShare) ([][]group.Point, error) {
	out := make([][]group.Point, len(units.Units))
	for u, unit := range units.Units {
		if !Decrypted(unit) {
			continue
		}
		partials := make([]*Partial, len(shares))
		for j, s := range shares {
			points, err := decodePoints(s.Partials[u].Points)
			if err != nil {
				return nil, fmt.Errorf("open unit %d: share of trustee %d: %w", u, trustees[j], err)
			}
			partials[j] = &Partial{Points: points}
		}
		var err error
		if out[u], err = Open(unit, trustees, partials); err != nil {
			return nil, fmt.Errorf("unit %d: %w", u, err)
		}
	}
	return out, nil
}
