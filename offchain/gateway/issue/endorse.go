package issue

import (
	"bytes"
	"context"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/register"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// EndorseRequest asks for the endorsement of a record.
type EndorseRequest struct {
	// Claim names election, entry and style, and shows whose entry it is.
	Claim auth.Claim
	Panel uint32
	// Blinded is this member's blinded message; its hash stands in BlindedHashes.
	Blinded       []byte
	BlindedHashes [][32]byte
	ClaimKeyHash  [32]byte
}

// record is the issuance without endorsements: what is bound to the entry.
func (r *EndorseRequest) record() *issuancev1.IssueToken {
	t := &issuancev1.IssueToken{
		ElectionId: r.Claim.Election[:], Style: r.Claim.Style, Panel: r.Panel, Entry: r.Claim.Entry[:],
		ClaimKeyHash: r.ClaimKeyHash[:],
	}
	for i := range r.BlindedHashes {
		t.BlindedHashes = append(t.BlindedHashes, r.BlindedHashes[i][:])
	}
	return t
}

// Endorse makes a record the one of its entry and endorses it. Asked again with
// the same record it gives the same answer. Refusals: *Refusal, and those of
// auth.Verdict.
func (g *Gateway) Endorse(ctx context.Context, r EndorseRequest) (endorsement [sign.SignatureSize]byte, err error) {
	if err := g.screen(ctx, r.Claim); err != nil {
		return endorsement, err
	}
	standing, err := g.examine(ctx, &r)
	if err != nil {
		return endorsement, err
	}
	// What the person logged in for is what is bound, or nothing is.
	r.Claim.Request = issuance.RequestHash(g.cfg.ChainID, r.Claim.Election, standing.class, r.Panel, r.BlindedHashes)
	record := r.record()
	if err := g.bind(&r, ledger.MustEncode(record), standing.issued); err != nil {
		return endorsement, err
	}
	return [sign.SignatureSize]byte(issuance.Endorse(g.cfg.ChainID, record, g.cfg.Operator)), nil
}

// screen turns most bad claims away without a write, and counts the others.
func (g *Gateway) screen(ctx context.Context, c auth.Claim) error {
	verdict, err := g.cfg.Auth.Screen(ctx, c)
	if err != nil {
		return fmt.Errorf("screen claim: %w", err)
	}
	if verdict.Refusal == nil || !verdict.Counted {
		return verdict.Refusal
	}
	err = g.cfg.Store.Update(func(tx *register.Tx) (err error) {
		verdict, err = g.cfg.Auth.Decide(tx, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("count wrong code: %w", err)
	}
	if verdict.Refusal == nil {
		// Right by now only if the register changed in between: let it ask again.
		return auth.ErrCredential
	}
	return verdict.Refusal
}

// examined is what examine found out besides.
type examined struct {
	class  uint32
	issued bool
}

// examine checks the request against the ledger: what a record names must be
// signable, since it is bound for good.
func (g *Gateway) examine(ctx context.Context, r *EndorseRequest) (examined, error) {
	c := &r.Claim
	def, err := g.cfg.Ledger.Definition(ctx, c.Election)
	if err != nil {
		return examined{}, err
	}
	seat, err := g.seat(def, c.Election, c.Style, r.Panel)
	if err != nil {
		return examined{}, err
	}
	key, ok := g.cfg.Keys.Key(seat.slot)
	if !ok {
		return examined{}, refuse(ErrUnknownElection, "election", "this gateway holds no key for class %d, panel %d", seat.slot.Class, r.Panel)
	}
	modulus := key.Public().Encode()
	switch {
	case len(r.BlindedHashes) != seat.size:
		return examined{}, refuse(ErrRequest, "blinded_hashes", "%d, panel %d has %d members", len(r.BlindedHashes), r.Panel, seat.size)
	case len(r.Blinded) != len(modulus) || bytes.Compare(r.Blinded, modulus) >= 0 || len(bytes.Trim(r.Blinded, "\x00")) == 0:
		return examined{}, refuse(ErrRequest, "blinded", "not a number of %d bytes in 1..N-1 of this member's key", len(modulus))
	case blindtoken.BlindedHash(r.Blinded) != r.BlindedHashes[seat.member]:
		return examined{}, refuse(ErrRequest, "blinded", "its hash is not blinded_hashes[%d]", seat.member)
	}
	standing, err := g.cfg.Ledger.Standing(ctx, c.Election, c.Style, c.Entry)
	if err != nil {
		return examined{}, err
	}
	return examined{seat.slot.Class, standing.Issued}, admit(standing, seat, r.Panel, modulus)
}

func admit(s Standing, seat seat, panel uint32, modulus []byte) error {
	switch {
	case !s.Open:
		return refuse(ErrNotOpen, "election", "the zone is not in issuing or voting, or is suspended")
	case s.Panel != panel:
		return refuse(ErrNotOpen, "panel", "panel %d is open, not %d", s.Panel, panel)
	case len(s.Moduli) != seat.size || !bytes.Equal(s.Moduli[seat.member], modulus):
		return refuse(ErrNotOpen, "panel", "this member's key is not the one registered on the ledger")
	case !s.InRoll:
		return refuse(ErrEntry, "entry", "not in the roll of this style")
	case s.Removed:
		return refuse(ErrEntry, "entry", "removed from the roll")
	}
	return nil
}

// bind judges the code again and binds the record, in one durable transaction.
func (g *Gateway) bind(r *EndorseRequest, record []byte, issued bool) error {
	var refusal error
	err := g.cfg.Store.Update(func(tx *register.Tx) error {
		verdict, err := g.cfg.Auth.Decide(tx, r.Claim)
		if err != nil {
			return err
		}
		if refusal = verdict.Refusal; refusal != nil {
			return nil
		}
		was, err := tx.Record(r.Claim.Election, r.Claim.Entry, r.Panel)
		if err != nil {
			return err
		}
		if was == nil && issued {
			refusal = refuse(ErrEntry, "entry", "has its token, from another request")
			return nil
		}
		ok, err := tx.Bind(r.Claim.Election, r.Claim.Entry, r.Panel, record)
		switch {
		case err != nil:
			return err
		case !ok:
			refusal = refuse(ErrOtherRecord, "entry", "a request is resumed with the device or file that made it")
			return nil
		case was != nil:
			return nil
		}
		return g.cfg.Auth.Bound(tx, r.Claim)
	})
	if err != nil {
		return fmt.Errorf("bind record: %w", err)
	}
	return refusal
}
