package keeper

import (
	"encoding/binary"

	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// Units of a zone, nil before its close; waiting says that they wait for the
// quorum's consent.
func (k *Keeper) Units(r ledger.Reader, id [32]byte, zone uint32) (units *tallyv1.Units, waiting bool) {
	b := r.Get(tally.UnitsKey(id, zone))
	if b == nil {
		return nil, false
	}
	units = ledger.MustDecode[tallyv1.Units](b)
	return units, units.WaitingConsent
}

// TrusteeShare is an accepted share with its trustee's index.
type TrusteeShare struct {
	Trustee uint32
	Share   *tallyv1.DecryptionShare
}

// Shares lists the accepted shares of a zone, ascending by trustee.
func (k *Keeper) Shares(r ledger.Reader, id [32]byte, zone uint32) []TrusteeShare {
	prefix := tally.SharesPrefix(id, zone)
	var out []TrusteeShare
	r.Iterate(prefix, func(key, value []byte) bool {
		out = append(out, TrusteeShare{
			Trustee: binary.BigEndian.Uint32(key[len(prefix):]),
			Share:   ledger.MustDecode[tallyv1.DecryptionShare](value),
		})
		return true
	})
	return out
}

// Share of one trustee.
func (k *Keeper) Share(r ledger.Reader, id [32]byte, zone, trustee uint32) (*tallyv1.DecryptionShare, bool) {
	b := r.Get(tally.ShareKey(id, zone, trustee))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[tallyv1.DecryptionShare](b), true
}

// Trustees whose shares make the result of a zone; an empty list before the
// first share.
func (k *Keeper) Trustees(r ledger.Reader, id [32]byte, zone uint32) *tallyv1.CountingTrustees {
	b := r.Get(tally.TrusteesKey(id, zone))
	if b == nil {
		return &tallyv1.CountingTrustees{}
	}
	return ledger.MustDecode[tallyv1.CountingTrustees](b)
}

// Result of a zone.
func (k *Keeper) Result(r ledger.Reader, id [32]byte, zone uint32) (*tallyv1.Result, bool) {
	b := r.Get(tally.ResultKey(id, zone))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[tallyv1.Result](b), true
}

// ProtocolOf is the protocol of results as the ledger draws it up.
func (k *Keeper) ProtocolOf(r ledger.Reader, id [32]byte, zone uint32) (*tallyv1.Protocol, bool) {
	b := r.Get(tally.ProtocolKey(id, zone))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[tallyv1.Protocol](b), true
}
