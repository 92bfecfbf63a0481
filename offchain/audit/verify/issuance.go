package verify

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/blindtoken"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// class of tokens: the issuers' keys and what was issued and accepted.
type class struct {
	record                    *issuancev1.ClassKeys
	decoded                   map[uint32][]*blindtoken.PublicKey
	issued, accepted, recasts uint64
	panels                    []panelCount
}

// panelCount is how many tokens a panel issued and how many of them were used.
type panelCount struct{ issued, accepted uint64 }

// unused tokens of a panel.
func (p panelCount) unused() uint64 { return p.issued - p.accepted }

func newClass(def *electionv1.Definition, index uint32) *class {
	c := &class{record: &issuancev1.ClassKeys{TokenClass: index}, decoded: map[uint32][]*blindtoken.PublicKey{}}
	for _, p := range def.Panels {
		c.record.Panels = append(c.record.Panels, &issuancev1.PanelKeys{Moduli: make([][]byte, len(p.Issuers))})
		c.panels = append(c.panels, panelCount{})
	}
	return c
}

// keys of a panel in its order, nil while not all are registered.
func (c *class) keys(panel uint32) []*blindtoken.PublicKey {
	if keys := c.decoded[panel]; keys != nil {
		return keys
	}
	var keys []*blindtoken.PublicKey
	for _, modulus := range c.record.Panels[panel].Moduli {
		key, err := blindtoken.DecodePublicKey(modulus)
		if err != nil {
			return nil // not registered: only decodable keys are
		}
		keys = append(keys, key)
	}
	c.decoded[panel] = keys
	return keys
}

func init() {
	rules[uint32(txv1.Kind_KIND_REGISTER_ISSUER_KEY)] = &rule{
		name: "register-issuer-key", signed: true, maxBytes: issuance.MaxRegisterBytes, check: checkIssuerKeys,
		decode: func(b []byte) (any, error) { return issuance.DecodeRegisterIssuerKey(b) },
		validate: func(tx *ledger.Tx) error {
			return issuance.ValidateRegisterIssuerKey(tx.Message.(*issuancev1.RegisterIssuerKey))
		},
		precheck: precheckRegister,
		execute:  executeRegister,
	}
	rules[uint32(txv1.Kind_KIND_ISSUE_TOKEN)] = &rule{
		name: "issue-token", maxBytes: issuance.MaxIssueBytes, check: checkIssuance,
		decode:   func(b []byte) (any, error) { return issuance.DecodeIssueToken(b) },
		validate: func(tx *ledger.Tx) error { return issuance.ValidateIssueToken(tx.Message.(*issuancev1.IssueToken)) },
		precheck: precheckIssue,
		execute:  executeIssue,
	}
	rules[uint32(txv1.Kind_KIND_CLAIM_SIGNATURE)] = &rule{
		name: "claim-signature", signed: true, maxBytes: issuance.MaxClaimBytes, check: checkIssuance,
		decode: func(b []byte) (any, error) { return issuance.DecodeClaimSignature(b) },
		validate: func(tx *ledger.Tx) error {
			return issuance.ValidateClaimSignature(tx.Message.(*issuancev1.ClaimSignature))
		},
		precheck: precheckClaim,
		execute:  executeClaim,
	}
	rules[uint32(txv1.Kind_KIND_ANSWER_CLAIM)] = &rule{
		name: "answer-claim", maxBytes: issuance.MaxClaimBytes, check: checkIssuance,
		decode:   func(b []byte) (any, error) { return issuance.DecodeAnswerClaim(b) },
		validate: func(tx *ledger.Tx) error { return issuance.ValidateAnswerClaim(tx.Message.(*issuancev1.AnswerClaim)) },
		precheck: precheckAnswer,
		execute:  executeAnswer,
	}
	acts[uint32(commissionv1.Action_ACTION_OPEN_PANEL)] = &actRule{
		name:     "open-panel",
		decode:   func(b []byte) (any, error) { return issuance.DecodeOpenPanel(b) },
		validate: func(a any) error { return issuance.ValidateOpenPanel(a.(*issuancev1.OpenPanel)) },
		precheck: precheckOpenPanel,
		execute:  executeOpenPanel,
	}
}

// openClass: keys of a class are registered until its zone closes.
func (e *elect) openClass(index uint32) error {
	if int64(index) >= int64(len(e.def.Classes)) {
		return breaks("issuance/unknown-class", "token_class", "%d, the election has %d", index, len(e.def.Classes))
	}
	if z := e.zones[election.ClassZone(e.def, index)]; !election.BeforeClose(z.state) {
		return breaks("issuance/wrong-phase", "token_class", "zone %d is %s", z.index, election.PhaseName(z.state.Phase))
	}
	return nil
}

// precheckRegister: an issuer of the panel registers its one key, a modulus new
// on the chain.
func precheckRegister(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.RegisterIssuerKey)
	e, err := v.find(issuance.Module, m.ElectionId)
	if err != nil {
		return err
	}
	if err := e.openClass(m.TokenClass); err != nil {
		return err
	}
	if int64(m.Panel) >= int64(len(e.def.Panels)) {
		return breaks("issuance/unknown-panel", "panel", "%d, the election has %d", m.Panel, len(e.def.Panels))
	}
	seat := slices.Index(e.def.Panels[m.Panel].Issuers, m.Issuer)
	switch {
	case seat < 0:
		return breaks("issuance/not-in-panel", "issuer", "%d does not sit in panel %d", m.Issuer, m.Panel)
	case !bytes.Equal(e.def.Issuers[m.Issuer].OperatorKey, tx.Signer):
		return breaks("issuance/not-the-operator", "signer", "%x is not the key of issuer %d", tx.Signer, m.Issuer)
	case len(m.Modulus)*8 != int(e.def.TokenBits):
		return breaks("issuance/bad-modulus", "modulus", "%d bits, the election asks for %d", len(m.Modulus)*8, e.def.TokenBits)
	case len(e.classes[m.TokenClass].record.Panels[m.Panel].Moduli[seat]) != 0:
		return breaks("issuance/key-registered", "issuer", "issuer %d has a key for class %d and panel %d", m.Issuer, m.TokenClass, m.Panel)
	case v.moduli[string(m.Modulus)]:
		return breaks("issuance/modulus-used", "modulus", "registered before on this chain")
	}
	c.claim("modulus:"+string(m.Modulus), fmt.Sprintf("issuer-key:%x/%d/%d/%d", e.id, m.TokenClass, m.Panel, m.Issuer))
	c.state(checkIssuerKeys, "issuance/bad-key-proof", "roots", issuance.KeyProofOf(c.ctx.ChainID, m, [32]byte(tx.Signer)))
	return nil
}

func executeRegister(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.RegisterIssuerKey)
	e := v.byID[[32]byte(m.ElectionId)]
	seat := slices.Index(e.def.Panels[m.Panel].Issuers, m.Issuer)
	e.classes[m.TokenClass].record.Panels[m.Panel].Moduli[seat] = m.Modulus
	v.moduli[string(m.Modulus)] = true
	return nil
}

// issues: the zone of a style issues tokens now.
func (e *elect) issues(style uint32) error {
	if int64(style) >= int64(len(e.def.Styles)) {
		return breaks("issuance/unknown-style", "style", "%d, the election has %d", style, len(e.def.Styles))
	}
	s := e.zones[e.def.Styles[style].Zone].state
	if s.Phase == electionv1.Phase_PHASE_ISSUING || (s.Phase == electionv1.Phase_PHASE_VOTING && !s.Suspended) {
		return nil
	}
	return breaks("issuance/wrong-phase", "style", "its zone is %s, suspended: %v", election.PhaseName(s.Phase), s.Suspended)
}

// precheckIssue: an entry of the style's roll, not struck and without a token,
// is bound to blinded messages that every member of the open panel endorsed.
func precheckIssue(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.IssueToken)
	e, err := v.find(issuance.Module, m.ElectionId)
	if err != nil {
		return err
	}
	if err := e.issues(m.Style); err != nil {
		return err
	}
	cl := e.classes[e.def.Styles[m.Style].TokenClass]
	switch {
	case m.Panel != cl.record.OpenPanel:
		return breaks("issuance/panel-not-open", "panel", "%d, panel %d is open", m.Panel, cl.record.OpenPanel)
	case cl.keys(m.Panel) == nil:
		return breaks("issuance/panel-keys-missing", "panel", "not all members of panel %d registered a key", m.Panel)
	}
	members := e.def.Panels[m.Panel].Issuers
	if len(m.BlindedHashes) != len(members) || len(m.Endorsements) != len(members) {
		return breaks("issuance/wrong-panel-size", "blinded_hashes", "%d, panel %d has %d members", len(m.BlindedHashes), m.Panel, len(members))
	}
	if _, err := v.mayTake(e, m); err != nil {
		return err
	}
	c.claim(roll.EntryClaim(e.id, m.Entry))
	for i, issuer := range members {
		c.state(checkIssuance, "issuance/bad-endorsement", fmt.Sprintf("endorsements[%d]", i),
			signed{issuance.Endorsement(c.ctx.ChainID, m, e.def.Issuers[issuer].OperatorKey, m.Endorsements[i])})
	}
	return nil
}

// mayTake: the entry may take a token of this style.
func (v *verifier) mayTake(e *elect, m *issuancev1.IssueToken) (position, error) {
	p, ok := v.position(e, m.Entry)
	switch {
	case !ok:
		return p, breaks("issuance/not-in-roll", "entry", "%x is not in the roll", m.Entry)
	case p.style != m.Style:
		return p, breaks("issuance/wrong-style", "style", "%d, entry %x is of style %d", m.Style, m.Entry, p.style)
	case e.removed[p.style].has(p.index):
		return p, breaks("issuance/entry-removed", "entry", "%x was removed", m.Entry)
	case e.issued[p.style].has(p.index):
		return p, breaks("issuance/token-issued", "entry", "%x has a token", m.Entry)
	}
	return p, nil
}

func executeIssue(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.IssueToken)
	e := v.byID[[32]byte(m.ElectionId)]
	p, err := v.mayTake(e, m)
	if err != nil {
		return err
	}
	t := &token{election: e, style: m.Style, panel: m.Panel, claimKeyHash: [32]byte(m.ClaimKeyHash), blinded: m.BlindedHashes}
	v.putToken(e, m.Entry, t)
	e.issued[p.style].set(p.index)
	index := e.def.Styles[m.Style].TokenClass
	e.classes[index].issued++
	e.classes[index].panels[m.Panel].issued++
	v.appendLog(tx)
	if e.classes[index].issued > e.rolls[index] {
		return breaks("issuance/more-than-roll", "entry", "more tokens than entries in class %d", index)
	}
	return nil
}

// precheckOpenPanel: a later panel with all its keys takes over.
func precheckOpenPanel(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*issuancev1.OpenPanel)
	e, err := v.find(issuance.Module, m.ElectionId)
	if err != nil {
		return nil, err
	}
	if int64(m.Panel) >= int64(len(e.def.Panels)) {
		return nil, breaks("issuance/unknown-panel", "panel", "%d, the election has %d", m.Panel, len(e.def.Panels))
	}
	var claims []string
	for _, index := range e.classesOf(m) {
		if err := e.openClass(index); err != nil {
			return nil, err
		}
		cl := e.classes[index]
		if m.Panel <= cl.record.OpenPanel {
			return nil, breaks("issuance/panel-goes-back", "panel", "%d, panel %d is open for class %d", m.Panel, cl.record.OpenPanel, index)
		}
		if cl.keys(m.Panel) == nil {
			return nil, breaks("issuance/panel-keys-missing", "panel", "panel %d has not registered all keys of class %d", m.Panel, index)
		}
		claims = append(claims, fmt.Sprintf("panel:%x/%d", e.id, index))
	}
	return claims, nil
}

func executeOpenPanel(v *verifier, _ ledger.Context, act any) error {
	m := act.(*issuancev1.OpenPanel)
	e := v.byID[[32]byte(m.ElectionId)]
	for _, index := range e.classesOf(m) {
		e.classes[index].record.OpenPanel = m.Panel
	}
	return nil
}

func (e *elect) classesOf(m *issuancev1.OpenPanel) []uint32 {
	if len(m.TokenClasses) > 0 {
		return m.TokenClasses
	}
	all := make([]uint32, len(e.classes))
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

// issuersReady reports whether every class of a zone has all keys of its open panel.
func (z *zone) issuersReady() bool {
	for _, index := range election.ZoneClasses(z.election.def, z.index) {
		cl := z.election.classes[index]
		if cl.keys(cl.record.OpenPanel) == nil {
			return false
		}
	}
	return true
}

func issuanceObjects(e *elect, add func(name string, b []byte)) {
	for i, c := range e.classes {
		add(fmt.Sprintf("issuers/%d", i), ledger.MustEncode(c.record))
	}
	for i := range e.def.Styles {
		size := e.sizes[i]
		issued, removed := e.issued[i].root(size), e.removed[i].root(size)
		add(fmt.Sprintf("issued/%d", i), ledger.MustEncode(&issuancev1.StyleIssued{
			Style: uint32(i), RollSize: size, Issued: e.issued[i].count, IssuedRoot: issued[:],
			Removed: e.removed[i].count, RemovedRoot: removed[:],
		}))
	}
}
