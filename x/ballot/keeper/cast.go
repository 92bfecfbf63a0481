package keeper

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
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
	if err := k.checkKey(ctx, r, at.def, cast, spent); err != nil {
		return ledger.Demands{}, err
	}
	form := k.form(ctx.ChainID, cast.Election, at.def, cast.Message.Style, key)
	if got, want := cast.Slots(), len(form.Keys); got != want {
		return ledger.Demands{}, ballot.CodeMalformed.Refuse("c", "%d ciphertexts, a ballot of style %d has %d", got, form.Style, want)
	}
	demands := ledger.Demands{Claims: []string{string(hex.AppendEncode([]byte("key:"), tx.Signer))}}
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
func (k *Keeper) checkKey(ctx ledger.Context, r ledger.Reader, def *electionv1.Definition, cast *ballot.Cast, spent *ballot.Spent) error {
	m := cast.Message
	if spent == nil {
		if m.Sequence != 1 {
			return ballot.CodeNextSequence.Refuse("sequence", "%d, but the key has cast no ballot; the first is 1", m.Sequence)
		}
		return nil
	}
	if m.Sequence == 1 {
		return ballot.CodeSpent.Refuse("signer", "the ballot key has cast a ballot before")
	}
	if id := k.ElectionOf(r, spent); id != cast.Election || spent.Style != m.Style {
		return ballot.CodeElsewhere.Refuse("style", "the key's ballots are of election %x, style %d", id, spent.Style)
	}
	if def.Revote == nil || !def.Revote.Allowed {
		return ballot.CodeOneVoteOnly.Refuse("sequence", "this election allows one ballot of a key")
	}
	if m.Sequence != spent.Sequence+1 {
		return ballot.CodeNextSequence.Refuse("sequence", "%d, but the key's next is %d", m.Sequence, spent.Sequence+1)
	}
	if limit := def.Revote.WindowMs; limit > 0 && ctx.TimeMS > spent.FirstMS+limit {
		return ballot.CodeTooLate.Refuse("sequence", "%d ms after the key's first ballot, at most %d are allowed", ctx.TimeMS-spent.FirstMS, limit)
	}
	if since := ctx.TimeMS - spent.LastMS; since < def.Revote.IntervalMs {
		return ballot.CodeTooEarly.Refuse("sequence", "%d ms after the key's last ballot, at least %d are needed", since, def.Revote.IntervalMs)
	}
	for i, earlier := range append(slices.Clone(spent.EarlierR), spent.R) {
		if bytes.Equal(m.R, earlier) {
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
	ref := panelRef{classRef: classRef{election: cast.Election, class: class}, panel: token.Panel}
	left, err := k.unused(ledger.Aside(r), ref, 0)
	if err != nil {
		return err
	}
	demands.Quotas = append(demands.Quotas, ledger.Quota{Name: ref.quota(), Left: left})
	demands.Checks = make([]ledger.Check, 0, len(keys)+1)
	scope := blindtoken.Scope{ChainID: ctx.ChainID, Election: cast.Election, Class: class, Panel: token.Panel}
	message := scope.Message([32]byte(tx.Signer))
	for i, key := range keys {
		demands.Checks = append(demands.Checks, ledger.Check{
			Fact:   ballot.NewTokenFact(key, message, token.Signatures[i]),
			Params: key.ID(),
			Code:   ballot.CodeTokenSignature,
			Field:  signatureFields[i],
		})
	}
	return nil
}

// signatureFields name the signatures of a token in refusals.
var signatureFields = func() (names [ballot.MaxPanel]string) {
	for i := range names {
		names[i] = fmt.Sprintf("token.signatures[%d]", i)
	}
	return names
}()

// quota names the tokens of a panel.
func (p panelRef) quota() string {
	b := hex.AppendEncode([]byte("tokens:"), p.election[:])
	b = strconv.AppendUint(append(b, '/'), uint64(p.class), 10)
	return string(strconv.AppendUint(append(b, '/'), uint64(p.panel), 10))
}

// unused is how many tokens of a panel no ballot was cast with yet, so many of
// them in the block at hand. It keeps accepted at or below issued, for each panel
// and so for the class, whoever signs what.
func (k *Keeper) unused(r ledger.Reader, p panelRef, inBlock uint64) (uint64, error) {
	issued := k.issuance.PanelIssued(r, p.election, p.class, p.panel)
	accepted := k.PanelAccepted(r, p.election, p.class, p.panel) + inBlock
	if accepted >= issued {
		return 0, ballot.CodeNotIssued.Refuse("token", "as many ballots of token class %d are accepted with tokens of panel %d as it issued, %d", p.class, p.panel, issued)
	}
	return issued - accepted, nil
}

// ExecuteCast records an accepted ballot. The end of the block adds it to the
// counts and the sums.
func (k *Keeper) ExecuteCast(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	cast := tx.Message.(*ballot.Cast)
	m := cast.Message
	at, err := k.find(w, cast)
	if err != nil {
		return err
	}
	before, again := k.Spent(w, tx.Signer)
	if err := k.checkKey(ctx, w, at.def, cast, before); err != nil {
		return err
	}
	ct, _, err := cast.Parts()
	if err != nil {
		return err
	}
	g := gather(w)
	class := classRef{election: cast.Election, class: at.style.TokenClass}
	mine := accepted{election: cast.Election, def: at.def, style: at.style, points: ct}
	if again {
		if mine.replaced, err = elgamal.DecodeParts(len(before.C)/group.Size, before.R, before.C); err != nil {
			return fmt.Errorf("take out ballot %d of the key: %w", before.Sequence, err)
		}
		g.class(class).recasts++
	} else {
		panel := panelRef{classRef: class, panel: m.Token.Panel}
		if _, err := k.unused(w, panel, g.panels[panel]); err != nil {
			return err
		}
		g.panels[panel]++
		g.class(class).accepted++
	}
	g.ballots = append(g.ballots, mine)
	w.Set(ballot.SpentKey(tx.Signer), k.record(ctx, w, at, cast, before, w.AppendLog(tx.Hash)).Encode())
	w.Touch(cast.Election)
	return nil
}

// record of a key after a ballot.
func (k *Keeper) record(ctx ledger.Context, r ledger.Reader, at place, cast *ballot.Cast, before *ballot.Spent, logIndex uint64) *ballot.Spent {
	m := cast.Message
	number, ok := k.elections.Number(r, cast.Election)
	if !ok {
		panic(fmt.Sprintf("ballot: election %x has no number", cast.Election))
	}
	s := &ballot.Spent{
		Number: number, Zone: at.style.Zone, Style: m.Style, Sequence: m.Sequence,
		FirstMS: ctx.TimeMS, LastMS: ctx.TimeMS, LogIndex: logIndex,
	}
	if before != nil {
		s.FirstMS = before.FirstMS
	}
	if at.def.Revote != nil && at.def.Revote.Allowed {
		s.R, s.C = m.R, m.C
		if before != nil {
			s.EarlierR = append(before.EarlierR, before.R)
		}
	}
	return s
}
