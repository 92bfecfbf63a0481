package keeper

import (
	"bytes"
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// PrecheckApproveRoll: election_id (known), author (a member; the same as
// before), styles (all of the election; no tree smaller than approved; each the
// staged tree at its size; changed only while its zone is open; no small token
// class unless the definition allows it).
func (k *Keeper) PrecheckApproveRoll(_ ledger.Context, r ledger.Reader, m *rollv1.ApproveRoll) ([]string, error) {
	id := [32]byte(m.ElectionId)
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, roll.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	if len(m.Styles) != len(def.Styles) {
		return nil, roll.CodeUnknownStyle.Refuse("styles", "%d styles, the election has %d", len(m.Styles), len(def.Styles))
	}
	if !k.members.IsMember(r, m.Author) {
		return nil, roll.CodeNotMember.Refuse("author", "%x is no member of the commission", m.Author)
	}
	author := r.Get(authorKey(id))
	if author != nil && !bytes.Equal(author, m.Author) {
		return nil, roll.CodeAuthor.Refuse("author", "the roll in force was staged by %x; only its author can add to it", author)
	}
	for i, s := range m.Styles {
		if err := k.checkTree(r, def, id, m.Author, author != nil, s); err != nil {
			return nil, prefix(fmt.Sprintf("styles[%d].", i), err)
		}
	}
	if err := checkClasses(def, m.Styles); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("roll:%x", id)}, nil
}

// checkTree compares one style's tree with the approved and the staged one.
func (k *Keeper) checkTree(r ledger.Reader, def *electionv1.Definition, id [32]byte, author []byte, approved bool, s *rollv1.StyleRoll) error {
	before := k.Size(r, id, s.Style)
	if s.Size_ < before {
		return roll.CodeShrinks.Refuse("size", "%d, but %d entries are approved; remove entries instead", s.Size_, before)
	}
	if s.Size_ > before || !approved {
		if _, err := k.openStyle(r, id, s.Style); err != nil {
			return err
		}
	}
	t := tree{id: id, author: author, style: s.Style}
	f := t.frontier(r)
	if s.Size_ > f.Size() {
		return roll.CodeTree.Refuse("size", "%d, but %d entries are staged", s.Size_, f.Size())
	}
	root := f.Root()
	if s.Size_ != f.Size() {
		root = t.rootAt(r, s.Size_)
	}
	if !bytes.Equal(root[:], s.Root) {
		return roll.CodeTree.Refuse("root", "%x, but the staged tree of %d entries has %x", s.Root, s.Size_, root)
	}
	return nil
}

// checkClasses refuses token classes so small that a ballot says who cast it.
// A class without any entry says nothing.
func checkClasses(def *electionv1.Definition, styles []*rollv1.StyleRoll) error {
	if def.SmallClasses {
		return nil
	}
	sizes := make([]uint64, len(def.Classes))
	for i, s := range styles {
		sizes[def.Styles[i].TokenClass] += s.Size_
	}
	for c, size := range sizes {
		if size > 0 && size < election.SmallClass {
			return roll.CodeSmallClass.Refuse("styles", "token class %q has %d entries, fewer than %d; join it with a sibling, or allow small classes in the definition",
				def.Classes[c].Name, size, election.SmallClass)
		}
	}
	return nil
}

// ExecuteApproveRoll makes the trees the roll.
func (k *Keeper) ExecuteApproveRoll(ctx ledger.Context, w ledger.Writer, m *rollv1.ApproveRoll) error {
	if _, err := k.PrecheckApproveRoll(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	for _, s := range m.Styles {
		if s.Size_ != k.Size(w, id, s.Style) {
			w.Set(sizeKey(id, s.Style), ledger.U64(s.Size_))
		}
	}
	w.Set(authorKey(id), m.Author)
	w.Set(rollKey(id), ledger.MustEncode(&rollv1.Roll{Author: m.Author, Styles: m.Styles}))
	w.Touch(id)
	return nil
}

// prefix puts the path of a list's element before the field of a refusal.
func prefix(path string, err error) error {
	refusal, ok := err.(*ledger.Refusal)
	if !ok {
		return err
	}
	out := *refusal
	out.Field = path + out.Field
	return &out
}
