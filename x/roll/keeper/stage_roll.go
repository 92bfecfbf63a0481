package keeper

import (
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// PrecheckStageRoll: signer (a member), election_id, style (known, its zone's
// roll open), from (the staged size), entries (none staged before by this
// member in any style).
func (k *Keeper) PrecheckStageRoll(_ ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	m := tx.Message.(*rollv1.StageRoll)
	if !k.members.IsMember(r, tx.Signer) {
		return ledger.Demands{}, roll.CodeNotMember.Refuse("signer", "%x is no member of the commission", tx.Signer)
	}
	id := [32]byte(m.ElectionId)
	if _, err := k.openStyle(r, id, m.Style); err != nil {
		return ledger.Demands{}, err
	}
	t := tree{id: id, author: tx.Signer, style: m.Style}
	if size := t.frontier(r).Size(); m.From != size {
		return ledger.Demands{}, roll.CodePosition.Refuse("from", "%d, but this member has staged %d entries of style %d", m.From, size, m.Style)
	}
	claims := []string{fmt.Sprintf("staged:%x/%x/%d", id, tx.Signer, m.Style)}
	for entries := m.Entries; len(entries) > 0; entries = entries[roll.EntryBytes:] {
		key := positionKey(id, tx.Signer, entries[:roll.EntryBytes])
		if r.Get(key) != nil {
			return ledger.Demands{}, roll.CodeDuplicate.Refuse("entries", "entry %x was staged before by this member", entries[:roll.EntryBytes])
		}
		claims = append(claims, "staged-entry:"+string(key))
	}
	return ledger.Demands{Claims: claims}, nil
}

// ExecuteStageRoll appends the entries to the member's tree.
func (k *Keeper) ExecuteStageRoll(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	if _, err := k.PrecheckStageRoll(ctx, w, tx); err != nil {
		return err
	}
	m := tx.Message.(*rollv1.StageRoll)
	return tree{id: [32]byte(m.ElectionId), author: tx.Signer, style: m.Style}.append(w, m.Entries)
}

// openStyle finds the style's election while the roll of its zone may change:
// until the zone closes.
func (k *Keeper) openStyle(r ledger.Reader, id [32]byte, style uint32) (*electionv1.Definition, error) {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, roll.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	if int(style) >= len(def.Styles) {
		return nil, roll.CodeUnknownStyle.Refuse("style", "%d is not an index of the %d styles", style, len(def.Styles))
	}
	zone := def.Styles[style].Zone
	if z, _ := k.elections.Zone(r, id, zone); !election.BeforeClose(z) {
		return nil, roll.CodePhase.Refuse("style", "the roll of style %d cannot change: zone %d is %s", style, zone, election.PhaseName(z.Phase))
	}
	return def, nil
}
