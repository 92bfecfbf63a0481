package verify

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// staged is the tree of a style that a member of the commission has staged of
// an election's roll. Its entries are in the store.
type staged struct {
	frontier merkle.Frontier
	// stagings are how many transactions made it.
	stagings uint64
}

// styleOf names a member's tree.
type styleOf struct {
	author string
	style  uint32
}

// position of an entry.
type position struct {
	style uint32
	index uint64
}

func init() {
	rules[uint32(txv1.Kind_KIND_STAGE_ROLL)] = &rule{
		name: "stage-roll", signed: true, maxBytes: roll.MaxStageBytes, check: checkRoll,
		decode:   func(b []byte) (any, error) { return roll.DecodeStageRoll(b) },
		validate: func(tx *ledger.Tx) error { return roll.ValidateStageRoll(tx.Message.(*rollv1.StageRoll)) },
		precheck: precheckStage,
		execute:  executeStage,
	}
	acts[uint32(commissionv1.Action_ACTION_APPROVE_ROLL)] = &actRule{
		name:     "approve-roll",
		decode:   func(b []byte) (any, error) { return roll.DecodeApproveRoll(b) },
		validate: func(a any) error { return roll.ValidateApproveRoll(a.(*rollv1.ApproveRoll)) },
		precheck: precheckApproveRoll,
		execute:  executeApproveRoll,
	}
	acts[uint32(commissionv1.Action_ACTION_REMOVE_ENTRIES)] = &actRule{
		name:     "remove-entries",
		decode:   func(b []byte) (any, error) { return roll.DecodeRemoveEntries(b) },
		validate: func(a any) error { return roll.ValidateRemoveEntries(a.(*rollv1.RemoveEntries)) },
		precheck: precheckRemove,
		execute:  executeRemove,
	}
}

// precheckStage: a member appends entries where its tree ends. That they are new,
// also beside the others of the block, is seen when they are appended: a claim
// for each would fill memory.
func precheckStage(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*rollv1.StageRoll)
	if !v.members[string(tx.Signer)] {
		return breaks("roll/not-a-member", "signer", "%x is no member", tx.Signer)
	}
	e, err := v.find(roll.Module, m.ElectionId)
	if err != nil {
		return err
	}
	if err := e.openStyle(m.Style); err != nil {
		return err
	}
	size := uint64(0)
	if s := e.staged[styleOf{string(tx.Signer), m.Style}]; s != nil {
		size = s.frontier.Size()
	}
	if m.From != size {
		return breaks("roll/wrong-position", "from", "%d, %d entries of style %d are staged", m.From, size, m.Style)
	}
	c.claim(fmt.Sprintf("staged:%x/%x/%d", m.ElectionId, tx.Signer, m.Style))
	return nil
}

func executeStage(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*rollv1.StageRoll)
	e := v.byID[[32]byte(m.ElectionId)]
	for rest := m.Entries; len(rest) > 0; rest = rest[roll.EntryBytes:] {
		if entry := rest[:roll.EntryBytes]; v.store.has(v.store.roll, e.positionKey(tx.Signer, entry)) {
			return breaks("roll/entry-staged", "entries", "%x was staged before", entry)
		}
	}
	at := styleOf{string(tx.Signer), m.Style}
	s := e.staged[at]
	if s == nil {
		s = new(staged)
		e.staged[at] = s
	}
	v.store.put(v.store.roll, e.stagingKey(at, s.stagings), encodeStaging(&s.frontier, m.Entries))
	s.stagings++
	for rest := m.Entries; len(rest) > 0; rest = rest[roll.EntryBytes:] {
		entry := rest[:roll.EntryBytes]
		p := position{m.Style, s.frontier.Size()}
		v.store.put(v.store.roll, e.positionKey(tx.Signer, entry), p.encode())
		if err := s.frontier.Append(merkle.LeafHash(entry), nil); err != nil {
			return breaks("roll/wrong-position", "entries", "%v", err)
		}
	}
	return nil
}

// openStyle: the roll of a style changes until its zone closes.
func (e *elect) openStyle(style uint32) error {
	if int64(style) >= int64(len(e.def.Styles)) {
		return breaks("roll/unknown-style", "style", "%d, the election has %d", style, len(e.def.Styles))
	}
	if z := e.zones[e.def.Styles[style].Zone]; !election.BeforeClose(z.state) {
		return breaks("roll/wrong-phase", "style", "zone %d is %s", z.index, election.PhaseName(z.state.Phase))
	}
	return nil
}

// precheckApproveRoll: the trees are those that one member staged, none smaller
// than in force, and no token class is too small.
func precheckApproveRoll(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*rollv1.ApproveRoll)
	e, err := v.find(roll.Module, m.ElectionId)
	if err != nil {
		return nil, err
	}
	switch {
	case len(m.Styles) != len(e.def.Styles):
		return nil, breaks("roll/unknown-style", "styles", "%d, the election has %d", len(m.Styles), len(e.def.Styles))
	case !v.members[string(m.Author)]:
		return nil, breaks("roll/not-a-member", "author", "%x is no member", m.Author)
	case e.roll != nil && !bytes.Equal(e.roll.Author, m.Author):
		return nil, breaks("roll/other-author", "author", "the roll in force is by %x", e.roll.Author)
	}
	classes := make([]uint64, len(e.def.Classes))
	for i, s := range m.Styles {
		if err := v.checkTree(e, m.Author, s); err != nil {
			return nil, err
		}
		classes[e.def.Styles[i].TokenClass] += s.Size_
	}
	for i, size := range classes {
		if !e.def.SmallClasses && size > 0 && size < election.SmallClass {
			return nil, breaks("roll/small-class", "styles", "class %d has %d entries, fewer than %d", i, size, election.SmallClass)
		}
	}
	return []string{fmt.Sprintf("roll:%x", e.id)}, nil
}

func (v *verifier) checkTree(e *elect, author []byte, s *rollv1.StyleRoll) error {
	before := e.sizes[s.Style]
	if s.Size_ < before {
		return breaks("roll/roll-shrinks", "styles", "style %d: %d entries, %d are approved", s.Style, s.Size_, before)
	}
	if s.Size_ > before || e.roll == nil {
		if err := e.openStyle(s.Style); err != nil {
			return err
		}
	}
	at := styleOf{string(author), s.Style}
	size, root := uint64(0), merkle.EmptyRoot()
	if st := e.staged[at]; st != nil {
		size = st.frontier.Size()
		if s.Size_ <= size {
			r, err := v.rootAt(e, at, s.Size_)
			if err != nil {
				return breaks("roll/tree-differs", "styles", "style %d: %v", s.Style, err)
			}
			root = r
		}
	}
	if s.Size_ > size || !bytes.Equal(root[:], s.Root) {
		return breaks("roll/tree-differs", "styles", "style %d: %d entries with root %x, staged are %d with root %x there", s.Style, s.Size_, s.Root, size, root)
	}
	return nil
}

func executeApproveRoll(v *verifier, _ ledger.Context, act any) error {
	m := act.(*rollv1.ApproveRoll)
	e := v.byID[[32]byte(m.ElectionId)]
	e.roll = &rollv1.Roll{Author: m.Author, Styles: m.Styles}
	clear(e.rolls)
	for _, s := range m.Styles {
		e.sizes[s.Style] = s.Size_
		e.rolls[e.def.Styles[s.Style].TokenClass] += s.Size_
	}
	return nil
}

// precheckRemove: each entry is in the roll, not struck and has no token.
func precheckRemove(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*rollv1.RemoveEntries)
	e, err := v.find(roll.Module, m.ElectionId)
	if err != nil {
		return nil, err
	}
	var claims []string
	for _, entry := range m.Entries {
		p, ok := v.position(e, entry)
		if !ok {
			return nil, breaks("roll/unknown-entry", "entries", "%x is not in the roll", entry)
		}
		if err := e.openStyle(p.style); err != nil {
			return nil, err
		}
		if e.removed[p.style].has(p.index) {
			return nil, breaks("roll/entry-removed", "entries", "%x was removed before", entry)
		}
		if e.issued[p.style].has(p.index) {
			return nil, breaks("roll/entry-has-token", "entries", "a token was issued for %x", entry)
		}
		claims = append(claims, roll.EntryClaim(e.id, entry))
	}
	return claims, nil
}

func executeRemove(v *verifier, _ ledger.Context, act any) error {
	m := act.(*rollv1.RemoveEntries)
	e := v.byID[[32]byte(m.ElectionId)]
	for _, entry := range m.Entries {
		p, _ := v.position(e, entry)
		e.removed[p.style].set(p.index)
	}
	return nil
}

// rollReady reports whether the zone has an entry in the approved roll.
func (z *zone) rollReady() bool {
	if z.election.roll == nil {
		return false
	}
	for _, style := range election.ZoneStyles(z.election.def, z.index) {
		if z.election.sizes[style] > 0 {
			return true
		}
	}
	return false
}

func rollObjects(e *elect, add func(name string, b []byte)) {
	if e.roll != nil {
		add("roll", ledger.MustEncode(e.roll))
	}
}
