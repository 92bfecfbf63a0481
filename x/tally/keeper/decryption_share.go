package keeper

import (
	"bytes"
	"fmt"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// PrecheckShare checks a trustee's share against the state before the block.
func (k *Keeper) PrecheckShare(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	s := tx.Message.(*tally.Share)
	def, err := k.counting(r, s.Election, s.Message.Zone)
	if err != nil {
		return ledger.Demands{}, err
	}
	key, ok := k.keys.Key(r, s.Election, s.Message.Zone)
	if !ok {
		panic("tally: a counted zone has no key")
	}
	trustee, err := trusteeIndex(key, tx.Signer)
	if err != nil {
		return ledger.Demands{}, err
	}
	if _, exists := k.Share(r, s.Election, s.Message.Zone, trustee); exists {
		return ledger.Demands{}, tally.CodeDuplicate.Refuse("signer", "trustee %d has given its share of zone %d", trustee, s.Message.Zone)
	}
	units, _ := k.Units(r, s.Election, s.Message.Zone)
	if got, want := len(s.Partials), len(units.Units); got != want {
		return ledger.Demands{}, tally.CodeUnits.Refuse("partials", "%d partial decryptions, zone %d has %d units", got, s.Message.Zone, want)
	}
	demands := ledger.Demands{Claims: []string{fmt.Sprintf("share:%x/%d/%d", s.Election, s.Message.Zone, trustee)}}
	params := tally.ShareParams(units, key)
	for i, unit := range units.Units {
		field := fmt.Sprintf("partials[%d] of trustee %d (%s)", i, trustee, trusteeName(def, tx.Signer))
		if !tally.Decrypted(unit) {
			if s.Partials[i] != nil {
				return ledger.Demands{}, tally.CodeUnits.Refuse(field, "contest %d has no ballots: nothing may be decrypted", unit.Contest)
			}
			continue
		}
		if s.Partials[i] == nil {
			return ledger.Demands{}, tally.CodeUnits.Refuse(field, "empty, but contest %d has %d ballots", unit.Contest, unit.Ballots)
		}
		st, err := tally.ShareStatement(ctx.ChainID, s.Election, def, s.Message.Zone, key, unit, trustee, s.Partials[i].Points)
		if err != nil {
			return ledger.Demands{}, tally.CodeShare.Refuse(field, "%v", err)
		}
		demands.Checks = append(demands.Checks, ledger.Check{
			Fact: tally.NewShareFact(st, s.Partials[i].Proof), Params: params, Code: tally.CodeShare, Field: field,
		})
	}
	return demands, nil
}

// ExecuteShare stores a share.
func (k *Keeper) ExecuteShare(_ ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	s := tx.Message.(*tally.Share)
	key, ok := k.keys.Key(w, s.Election, s.Message.Zone)
	if !ok {
		panic("tally: a counted zone has no key")
	}
	trustee, err := trusteeIndex(key, tx.Signer)
	if err != nil {
		return err
	}
	if _, exists := k.Share(w, s.Election, s.Message.Zone, trustee); exists {
		return tally.CodeDuplicate.Refuse("signer", "trustee %d has given its share of zone %d", trustee, s.Message.Zone)
	}
	w.Set(tally.ShareKey(s.Election, s.Message.Zone, trustee), ledger.MustEncode(s.Message))
	counting := k.Trustees(w, s.Election, s.Message.Zone)
	tally.AddTrustee(counting, trustee)
	w.Set(tally.TrusteesKey(s.Election, s.Message.Zone), ledger.MustEncode(counting))
	w.Touch(s.Election)
	return nil
}

// counting finds the election of a zone that is being counted.
func (k *Keeper) counting(r ledger.Reader, id [32]byte, zone uint32) (*electionv1.Definition, error) {
	def, z, err := k.zone(r, id, zone)
	if err != nil {
		return nil, err
	}
	if z.Phase != electionv1.Phase_PHASE_COUNTING {
		return nil, tally.CodePhase.Refuse("zone", "zone %d is in phase %s, nothing is decrypted before it is counted", zone, election.PhaseName(z.Phase))
	}
	return def, nil
}

// trusteeIndex is the index of a participant that holds a share of the key.
func trusteeIndex(key *ceremonyv1.ElectionKey, signer []byte) (uint32, error) {
	for i, p := range key.Participants {
		if bytes.Equal(p, signer) {
			if len(key.Verification[i]) == 0 {
				return 0, tally.CodeTrustee.Refuse("signer", "trustee %d left the ceremony and holds no share of the key", i+1)
			}
			return uint32(i + 1), nil
		}
	}
	return 0, tally.CodeTrustee.Refuse("signer", "no trustee of this key")
}

func trusteeName(def *electionv1.Definition, key []byte) string {
	for _, t := range def.Trustees {
		if bytes.Equal(t.Key, key) {
			return t.Name
		}
	}
	return "unnamed"
}
