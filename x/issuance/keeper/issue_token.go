package keeper

import (
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/sign"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// PrecheckIssueToken: election_id, style (known; the zone issues), panel (open
// for the style's class, all keys registered), blinded_hashes (one for each
// member), entry (in the roll of the style, not removed, no token yet); the
// endorsements are for the batch of pure checks.
func (k *Keeper) PrecheckIssueToken(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	m := tx.Message.(*issuancev1.IssueToken)
	id := [32]byte(m.ElectionId)
	def, err := k.CheckRecord(r, m)
	if err != nil {
		return ledger.Demands{}, err
	}
	demands := ledger.Demands{Claims: []string{roll.EntryClaim(id, m.Entry)}}
	members := def.Panels[m.Panel].Issuers
	keys := make([]byte, 0, len(members)*sign.PublicKeySize)
	for _, issuer := range members {
		keys = append(keys, def.Issuers[issuer].OperatorKey...)
	}
	params := sha256.Sum256(keys)
	message := issuance.EndorseBytes(ctx.ChainID, m)
	demands.Checks = make([]ledger.Check, len(members))
	for i, issuer := range members {
		demands.Checks[i] = ledger.Check{
			Fact: sign.Item{
				Public: [sign.PublicKeySize]byte(def.Issuers[issuer].OperatorKey), Message: message,
				Signature: [sign.SignatureSize]byte(m.Endorsements[i]),
			},
			Params: params,
			Code:   issuance.CodeEndorsement,
			Field:  endorsementFields[i],
		}
	}
	return demands, nil
}

// endorsementFields name the endorsements of a record in refusals.
var endorsementFields = func() (names [election.MaxPanelMembers]string) {
	for i := range names {
		names[i] = fmt.Sprintf("endorsements[%d]", i)
	}
	return names
}()

// CheckRecord checks everything about a record but its endorsements: what a
// member asks of the ledger before it endorses.
func (k *Keeper) CheckRecord(r ledger.Reader, m *issuancev1.IssueToken) (*electionv1.Definition, error) {
	id := [32]byte(m.ElectionId)
	def, err := k.issuing(r, id, m.Style)
	if err != nil {
		return nil, err
	}
	class := def.Styles[m.Style].TokenClass
	if open := k.OpenPanel(r, id, class); m.Panel != open {
		return nil, issuance.CodePanelClosed.Refuse("panel", "%d, but panel %d is open for class %d", m.Panel, open, class)
	}
	if _, ok := k.PanelKeys(r, id, class, m.Panel); !ok {
		return nil, issuance.CodePanelKeys.Refuse("panel", "not all members of panel %d have registered a key for class %d", m.Panel, class)
	}
	if n := len(def.Panels[m.Panel].Issuers); len(m.BlindedHashes) != n {
		return nil, issuance.CodePanelSize.Refuse("blinded_hashes", "%d, but panel %d has %d members; a token needs all of them", len(m.BlindedHashes), m.Panel, n)
	}
	style, index, ok := k.roll.Position(r, id, m.Entry)
	switch {
	case !ok:
		return nil, issuance.CodeNotInRoll.Refuse("entry", "%x is not in the roll", m.Entry)
	case style != m.Style:
		return nil, issuance.CodeWrongStyle.Refuse("style", "%d, but entry %x is in the roll of style %d", m.Style, m.Entry, style)
	case k.roll.Removed(r, id, style, index):
		return nil, issuance.CodeRemoved.Refuse("entry", "%x was removed from the roll", m.Entry)
	case k.HasToken(r, id, m.Entry):
		return nil, issuance.CodeIssued.Refuse("entry", "a token was issued for %x", m.Entry)
	}
	return def, nil
}

// ExecuteIssueToken binds the entry to the blinded messages and puts the
// transaction into the ballot log.
func (k *Keeper) ExecuteIssueToken(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.IssueToken)
	id := [32]byte(m.ElectionId)
	style, index, ok := k.roll.Position(w, id, m.Entry)
	if !ok || style != m.Style {
		return issuance.CodeNotInRoll.Refuse("entry", "%x is not in the roll of style %d", m.Entry, m.Style)
	}
	if k.HasToken(w, id, m.Entry) {
		return issuance.CodeIssued.Refuse("entry", "a token was issued for %x", m.Entry)
	}
	if k.roll.Removed(w, id, style, index) {
		return issuance.CodeRemoved.Refuse("entry", "%x was removed from the roll", m.Entry)
	}
	w.Set(issuedKey(id, m.Entry), ledger.MustEncode(&issuancev1.Issued{
		Style:         m.Style,
		Panel:         m.Panel,
		BlindedHashes: m.BlindedHashes,
		ClaimKeyHash:  m.ClaimKeyHash,
		Height:        ctx.Height,
		LogIndex:      w.AppendLog(tx.Hash),
	}))
	def, _ := k.elections.Definition(w, id)
	gather(w).token(w, id, style, index, def.Styles[style].TokenClass, m.Panel)
	w.Touch(id)
	return nil
}

// issuing finds the election of a style whose zone issues tokens now.
func (k *Keeper) issuing(r ledger.Reader, id [32]byte, style uint32) (*electionv1.Definition, error) {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, issuance.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	if int(style) >= len(def.Styles) {
		return nil, issuance.CodeUnknownStyle.Refuse("style", "%d is not an index of the %d styles", style, len(def.Styles))
	}
	zone := def.Styles[style].Zone
	z, _ := k.elections.Zone(r, id, zone)
	switch {
	case election.IssuesTokens(z):
		return def, nil
	case z.Suspended:
		return nil, issuance.CodePhase.Refuse("style", "zone %d is suspended at its close until the commission decides", zone)
	default:
		return nil, issuance.CodePhase.Refuse("style", "zone %d is %s; tokens are issued in issuing and voting", zone, election.PhaseName(z.Phase))
	}
}
