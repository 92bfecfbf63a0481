package verify

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
)

// heads compares what the record leads to with what the validators signed.
type heads struct {
	v *verifier
	// at holds the summaries to compare when their height is reached.
	at map[int64][]*chain.Proven
	// hashes are those of the headers that prove them.
	hashes map[int64][32]byte
	newest int64
	proven map[[32]byte]bool
	// early are the findings about summaries that are not proven.
	early []Finding
	// computed is the root over all elections at a height, made once for it.
	computed   merkle.Hash
	computedAt int64
}

// newHeads checks the summaries of the record under its genesis.
func newHeads(v *verifier, summaries []record.Summary) *heads {
	h := &heads{v: v, at: map[int64][]*chain.Proven{}, hashes: map[int64][32]byte{}, proven: map[[32]byte]bool{}}
	trust := chain.NewTrust(v.genesis)
	for _, s := range summaries {
		p, err := trust.VerifyProven(s.Election, s.Proven)
		if err != nil {
			h.early = append(h.early, Finding{Code: "objects/unproven", Height: s.Proven.Head.Height, Tx: -1,
				What: fmt.Sprintf("election %x", s.Election), Why: err.Error()})
			continue
		}
		h.at[p.Head.Height] = append(h.at[p.Head.Height], p)
		h.hashes[p.Head.Header.Height] = p.Head.Hash
		h.newest = max(h.newest, p.Head.Height)
		h.proven[s.Election] = true
	}
	return h
}

func (h *heads) wrong(code string, height int64, what, format string, args ...any) {
	h.v.found.add(checkObjects, Finding{Code: code, Height: height, Tx: -1, What: what, Why: fmt.Sprintf(format, args...)})
}

// reached compares the summaries of the height just applied, and the header
// that proves them with the record's own.
func (h *heads) reached(b *opened) {
	height := b.block.Header.Height
	if want, ok := h.hashes[height]; ok && want != b.hash {
		h.wrong("objects/other-chain", height, "header", "the summaries are proven by header %x, the record has %x: two chains of one genesis", want, b.hash)
	}
	for _, p := range h.at[height] {
		h.compare(p, height)
	}
}

// compare checks one election's summary against the state computed here.
func (h *heads) compare(p *chain.Proven, height int64) {
	v := h.v
	v.found.count(checkLog, 1)
	if root := v.log.Root(); p.Leaves.LogSize != v.log.Size() || !bytes.Equal(p.Leaves.LogRoot, root[:]) {
		v.found.add(checkLog, Finding{Code: "log/root", Height: height, Tx: -1, What: "ballot log",
			Why: fmt.Sprintf("proven: %d entries, root %s; the record leads to %d entries, root %x", p.Leaves.LogSize, p.Leaves.LogRoot, v.log.Size(), root)})
	}
	if p.Leaves.TimeMS != v.began || p.Leaves.Rules != v.genesis.State.Rules {
		h.wrong("objects/leaves", height, "time and rules", "proven: %d, %d; the record leads to %d, %d", p.Leaves.TimeMS, p.Leaves.Rules, v.began, v.genesis.State.Rules)
	}
	h.compareElections(p, height)
	e := v.byID[p.Election]
	if e == nil {
		h.wrong("objects/unknown-election", height, fmt.Sprintf("election %x", p.Election), "proven, but no block made it")
		return
	}
	computed := v.objects(e)
	for _, o := range computed {
		v.found.count(checkObjects, 1)
		want, ok := p.Hash(o.name)
		if !ok {
			h.wrong("objects/missing", height, o.name, "the record leads to it, the proven summary of election %x has none", e.id)
			continue
		}
		if got := record.SHA256(o.bytes); got != want {
			h.wrong("objects/differs", height, o.name, "election %x: the record leads to %x, proven is %x%s", e.id, got, want, difference(p, o))
		}
	}
	for _, name := range p.Names() {
		if !slices.ContainsFunc(computed, func(o object) bool { return o.name == name }) {
			h.wrong("objects/unexpected", height, name, "proven of election %x, the record does not lead to it", e.id)
		}
	}
}

// compareElections checks that the proven state has exactly the elections of
// the record.
func (h *heads) compareElections(p *chain.Proven, height int64) {
	if h.computedAt != height {
		root, err := h.v.electionsRoot()
		if err != nil {
			h.wrong("objects/elections", height, "elections", "%v", err)
			return
		}
		h.computed, h.computedAt = root, height
	}
	h.v.found.count(checkObjects, 1)
	if !bytes.Equal(p.Leaves.ElectionsRoot, h.computed[:]) {
		h.wrong("objects/elections", height, "elections", "the %d elections of the record have the root %x, proven is %s",
			len(h.v.ordered), h.computed, p.Leaves.ElectionsRoot)
	}
}

// electionsRoot is the root of the tree over all elections.
func (v *verifier) electionsRoot() (merkle.Hash, error) {
	fields := make([]merkle.Field, len(v.ordered))
	for i, e := range v.ordered {
		root, err := v.root(e)
		if err != nil {
			return merkle.Hash{}, fmt.Errorf("election %x: %w", e.id, err)
		}
		fields[i] = merkle.Field{Name: fmt.Sprintf("%x", e.id), Value: root[:]}
	}
	tree, err := merkle.Named(fields)
	if err != nil {
		return merkle.Hash{}, err
	}
	return tree.Root(), nil
}

// root is an election's leaf: the tree over its objects' hashes.
func (v *verifier) root(e *elect) (merkle.Hash, error) {
	objects := v.objects(e)
	fields := make([]merkle.Field, len(objects))
	for i, o := range objects {
		sum := record.SHA256(o.bytes)
		fields[i] = merkle.Field{Name: o.name, Value: sum[:]}
	}
	tree, err := merkle.Named(fields)
	if err != nil {
		return merkle.Hash{}, err
	}
	return tree.Root(), nil
}

// finish finds summaries that are unproven or were never reached, and elections
// without one.
func (h *heads) finish(last int64) {
	for _, f := range h.early {
		h.v.found.add(checkObjects, f)
	}
	for height, list := range h.at {
		if height > last {
			for _, p := range list {
				h.wrong("objects/beyond", height, fmt.Sprintf("election %x", p.Election), "proven at a height that the blocks do not reach")
			}
		}
	}
	for _, e := range h.v.ordered {
		if e.created <= h.newest && !h.proven[e.id] {
			h.wrong("objects/absent", last, fmt.Sprintf("election %x", e.id), "the record has no proven summary of it")
		}
	}
}

// difference says where two encodings part, if the node sent its bytes.
func difference(p *chain.Proven, o object) string {
	theirs, ok := p.Object(o.name)
	if !ok {
		return ""
	}
	i := 0
	for i < len(theirs) && i < len(o.bytes) && theirs[i] == o.bytes[i] {
		i++
	}
	return fmt.Sprintf(" (%d and %d bytes, alike up to byte %d)", len(o.bytes), len(theirs), i)
}
