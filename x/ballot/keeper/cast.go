package keeper

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/blindtoken"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// place is what a ballot belongs to.
type place struct {
	def   *electionv1.Definition
	style *electionv1.Style
}

// find says where a ballot belongs, whatever the phase.
func (k *Keeper) find(r ledger.Reader, cast *ballot.Cast) (place, error) {
	m := cast.Message
	def, ok := k.elections.Definition(r, cast.Election)
	if !ok {
		return place{}, ballot.CodeElection.Refuse("election_id", "no election %x on this chain", m.ElectionId)
	}
	if uint64(m.Style) >= uint64(len(def.Styles)) {
		return place{}, ballot.CodeStyle.Refuse("style", "the election has no style %d, its last is %d", m.Style, len(def.Styles)-1)
	}
	return place{def: def, style: def.Styles[m.Style]}, nil
}

// PrecheckCast checks a ballot against the state before the block: phase,
// style, ballot key, token, in this order, and demands the rest.
func (k *Keeper) PrecheckCast(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	cast := tx.Message.(*ballot.Cast)
	at, err := k.find(r, cast)
	if err != nil {
		return ledger.Demands{}, err
	}
	if err := k.checkPhase(r, cast.Election, at.style.Zone); err != nil {
		return ledger.Demands{}, err
	}
	key, ok := k.keys.Key(r, cast.Election, at.style.Zone)
	if !ok {
		return ledger.Demands{}, ballot.CodeKey.Refuse("election_id", "zone %d has no election key yet", at.style.Zone)
	}
	spent, _ := k.Spent(r, tx.Signer)
	if err := checkKey(ctx, at.def, cast.Message, spent); err != nil {
		return ledger.Demands{}, err
	}
	form := k.form(ctx.ChainID, cast.Election, at.def, cast.Message.Style, key)
	if got, want := cast.Slots(), len(form.Keys); got != want {
		return ledger.Demands{}, ballot.CodeMalformed.Refuse("c", "%d ciphertexts, a ballot of style %d has %d", got, form.Style, want)
	}
	demands := ledger.Demands{Claims: []string{"key:" + hex.EncodeToString(tx.Signer)}}
	if spent == nil {
		if err := k.demandToken(ctx, r, tx, at, &demands); err != nil {
			return ledger.Demands{}, err
		}
	}
	demands.Checks = append(demands.Checks, ledger.Check{
		Fact:   ballot.NewProofFact(form, cast, [32]byte(tx.Signer)),
		Params: form.Params(),
		Code:   ballot.CodeProof,
		Field:  "proof",
	})
	return demands, nil
}

// checkPhase refuses a ballot whose zone does not accept ballots. It is asked
// of the state before the block only: acts of the block itself change phases
// at its end.
func (k *Keeper) checkPhase(r ledger.Reader, id [32]byte, zone uint32) error {
	z, ok := k.elections.Zone(r, id, zone)
	if !ok {
		panic(fmt.Sprintf("ballot: election %x without its zone %d", id, zone))
	}
	if election.AcceptsBallots(z) {
		return nil
	}
	if z.Suspended {
		return ballot.CodePhase.Refuse("election_id", "zone %d is suspended until the commission decides", zone)
	}
	return ballot.CodePhase.Refuse("election_id", "zone %d is in phase %s, ballots are accepted while voting", zone, election.PhaseName(z.Phase))
}

// checkKey checks a ballot against what its key cast before.
func checkKey(ctx ledger.Context, def *electionv1.Definition, m *ballotv1.CastBallot, spent *ballotv1.Spent) error {
	if spent == nil {
		if m.Sequence != 1 {
			return ballot.CodeNextSequence.Refuse("sequence", "%d, but the key has cast no ballot; the first is 1", m.Sequence)
		}
		return nil
	}
	if m.Sequence == 1 {
		return ballot.CodeSpent.Refuse("signer", "the ballot key has cast a ballot before")
	}
	if !bytes.Equal(spent.ElectionId, m.ElectionId) || spent.Style != m.Style {
		return ballot.CodeElsewhere.Refuse("style", "the key's ballots are of election %x, style %d", spent.ElectionId, spent.Style)
	}
	if def.Revote == nil || !def.Revote.Allowed {
		return ballot.CodeOneVoteOnly.Refuse("sequence", "this election allows one ballot of a key")
	}
	if m.Sequence != spent.Sequence+1 {
		return ballot.CodeNextSequence.Refuse("sequence", "%d, but the key's next is %d", m.Sequence, spent.Sequence+1)
	}
	if limit := def.Revote.WindowMs; limit > 0 && ctx.TimeMS > spent.FirstMs+limit {
		return ballot.CodeTooLate.Refuse("sequence", "%d ms after the key's first ballot, at most %d are allowed", ctx.TimeMS-spent.FirstMs, limit)
	}
	if since := ctx.TimeMS - spent.LastMs; since < def.Revote.IntervalMs {
		return ballot.CodeTooEarly.Refuse("sequence", "%d ms after the key's last ballot, at least %d are needed", since, def.Revote.IntervalMs)
	}
	for i, r := range append(slices.Clone(spent.EarlierR), spent.R) {
		if bytes.Equal(m.R, r) {
			return ballot.CodeSameR.Refuse("r", "equal to that of the key's ballot %d: the difference of the two would be readable", i+1)
		}
	}
	return nil
}

// demandToken demands the signature of each member of the token's panel, and a
// token that this panel issued and nobody used. It may be a panel that is no
// longer open; one that never was has issued none.
func (k *Keeper) demandToken(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx, at place, demands *ledger.Demands) error {
	cast := tx.Message.(*ballot.Cast)
	token, class := cast.Message.Token, at.style.TokenClass
	if uint64(token.Panel) >= uint64(len(at.def.Panels)) {
		return ballot.CodePanel.Refuse("token.panel", "the election has no panel %d, its last is %d", token.Panel, len(at.def.Panels)-1)
	}
	if got, want := len(token.Signatures), len(at.def.Panels[token.Panel].Issuers); got != want {
		return ballot.CodeTokenShape.Refuse("token.signatures", "%d signatures, panel %d has %d members and all must sign", got, token.Panel, want)
	}
	keys, ok := k.issuance.PanelKeys(r, cast.Election, class, token.Panel)
	if !ok {
		return ballot.CodePanelKeys.Refuse("token.panel", "not all members of panel %d have registered a key for token class %d", token.Panel, class)
	}
	left, err := k.unused(r, cast.Election, class, token.Panel)
	if err != nil {
		return err
	}
	demands.Quotas = append(demands.Quotas, ledger.Quota{Name: fmt.Sprintf("tokens:%x/%d/%d", cast.Election, class, token.Panel), Left: left})
	scope := blindtoken.Scope{ChainID: ctx.ChainID, Election: cast.Election, Class: class, Panel: token.Panel}
	message := scope.Message([32]byte(tx.Signer))
	for i, key := range keys {
		demands.Checks = append(demands.Checks, ledger.Check{
			Fact:   ballot.NewTokenFact(key, message, token.Signatures[i]),
			Params: key.ID(),
			Code:   ballot.CodeTokenSignature,
			Field:  fmt.Sprintf("token.signatures[%d]", i),
		})
	}
	return nil
}

// unused is how many tokens of a panel no ballot was cast with yet. It keeps
// accepted at or below issued, for each panel and so for the class, whoever
// signs what.
func (k *Keeper) unused(r ledger.Reader, id [32]byte, class, panel uint32) (uint64, error) {
	issued, accepted := k.issuance.PanelIssued(r, id, class, panel), k.PanelAccepted(r, id, class, panel)
	if accepted >= issued {
		return 0, ballot.CodeNotIssued.Refuse("token", "as many ballots of token class %d are accepted with tokens of panel %d as it issued, %d", class, panel, issued)
	}
	return issued - accepted, nil
}

// ExecuteCast records an accepted ballot. The end of the block adds it to the sums.
func (k *Keeper) ExecuteCast(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	cast := tx.Message.(*ballot.Cast)
	m := cast.Message
	at, err := k.find(w, cast)
	if err != nil {
		return err
	}
	spent, again := k.Spent(w, tx.Signer)
	if err := checkKey(ctx, at.def, m, spent); err != nil {
		return err
	}
	class, counts := at.style.TokenClass, k.Counts(w, cast.Election, at.style.TokenClass)
	if again {
		counts.Recasts++
	} else {
		panel := m.Token.Panel
		if _, err := k.unused(w, cast.Election, class, panel); err != nil {
			return err
		}
		w.Set(ballot.PanelKey(cast.Election, class, panel), ledger.U64(k.PanelAccepted(w, cast.Election, class, panel)+1))
		counts.Accepted++
	}
	w.Set(ballot.CountsKey(cast.Election, class), ledger.MustEncode(counts))

	pending := &ballotv1.Pending{ElectionId: m.ElectionId, Style: m.Style, R: m.R, C: m.C, TxHash: tx.Hash[:]}
	record := &ballotv1.Spent{
		ElectionId: m.ElectionId, Style: m.Style, Sequence: m.Sequence,
		FirstMs: ctx.TimeMS, LastMs: ctx.TimeMS, LogIndex: w.AppendLog(tx.Hash),
	}
	if again {
		record.FirstMs = spent.FirstMs
		pending.ReplacedR, pending.ReplacedC = spent.R, spent.C
	}
	if at.def.Revote != nil && at.def.Revote.Allowed {
		record.R, record.C = m.R, m.C
		if again {
			record.EarlierR = append(spent.EarlierR, spent.R)
		}
	}
	ct, _, err := cast.Parts()
	if err != nil {
		return err
	}
	k.points.put(tx.Hash, &castPoints{r: ct.R, c: ct.C})
	w.Set(ballot.PendingKey(tx.Signer), ledger.MustEncode(pending))
	w.Set(ballot.SpentKey(tx.Signer), ledger.MustEncode(record))
	w.Set(ballot.OrderKey(cast.Election, at.style.Zone, tx.Signer), ballot.OrderValue(m.Sequence, record.LogIndex))
	w.Touch(cast.Election)
	return nil
}
