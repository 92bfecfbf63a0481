package keeper

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// Tokens answers whether a token was issued for an entry, and nothing else; for
// modules that this one depends on.
type Tokens struct{}

// HasToken reports whether a token was issued for an entry.
func (Tokens) HasToken(r ledger.Reader, id [32]byte, entry []byte) bool {
	return r.Get(issuedKey(id, entry)) != nil
}

// HasToken reports whether a token was issued for an entry.
func (k *Keeper) HasToken(r ledger.Reader, id [32]byte, entry []byte) bool {
	return Tokens{}.HasToken(r, id, entry)
}

// Issued finds the record of an entry's token.
func (k *Keeper) Issued(r ledger.Reader, id [32]byte, entry []byte) (*issuancev1.Issued, bool) {
	b := r.Get(issuedKey(id, entry))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[issuancev1.Issued](b), true
}

// IssuedCount is the number of tokens issued in a class.
func (k *Keeper) IssuedCount(r ledger.Reader, id [32]byte, class uint32) uint64 {
	return getU64(r.Get(classCountKey(id, class)))
}

// PanelIssued is the number of those tokens that a panel signs.
func (k *Keeper) PanelIssued(r ledger.Reader, id [32]byte, class, panel uint32) uint64 {
	n, _ := ledger.Recall(r, panelCountKey(id, class, panel), getU64)
	return n
}

// classKeys is the record of a class with its keys decoded.
type classKeys struct {
	openPanel uint32
	// panels has nil for a panel of which not all keys are registered.
	panels [][]*blindtoken.PublicKey
}

func (k *Keeper) classKeys(r ledger.Reader, id [32]byte, class uint32) (*classKeys, bool) {
	return ledger.Recall(r, classKey(id, class), func(value []byte) *classKeys {
		record := ledger.MustDecode[issuancev1.ClassKeys](value)
		out := &classKeys{openPanel: record.OpenPanel, panels: make([][]*blindtoken.PublicKey, len(record.Panels))}
		for i, p := range record.Panels {
			if slices.ContainsFunc(p.Moduli, func(m []byte) bool { return len(m) == 0 }) {
				continue
			}
			for _, modulus := range p.Moduli {
				out.panels[i] = append(out.panels[i], k.key(modulus))
			}
		}
		return out
	})
}

// OpenPanel is the panel that issues for a class now.
func (k *Keeper) OpenPanel(r ledger.Reader, id [32]byte, class uint32) uint32 {
	c, ok := k.classKeys(r, id, class)
	if !ok {
		return 0
	}
	return c.openPanel
}

// PanelKeys lists the keys of a panel for a class, in panel order; false while
// not all are registered. The caller must not change the list.
func (k *Keeper) PanelKeys(r ledger.Reader, id [32]byte, class, panel uint32) ([]*blindtoken.PublicKey, bool) {
	c, ok := k.classKeys(r, id, class)
	if !ok || int64(panel) >= int64(len(c.panels)) || c.panels[panel] == nil {
		return nil, false
	}
	return c.panels[panel], true
}

// ClassKeys is the record of a class: all registered keys and the open panel.
func (k *Keeper) ClassKeys(r ledger.Reader, id [32]byte, class uint32) (*issuancev1.ClassKeys, bool) {
	def, ok := k.elections.Definition(r, id)
	if !ok || int(class) >= len(def.Classes) {
		return nil, false
	}
	return k.class(r, def, id, class), true
}

// IssuersReady reports whether every class of a zone has all keys of its open
// panel.
func (k *Keeper) IssuersReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return false
	}
	for _, class := range election.ZoneClasses(def, zone) {
		if _, ok := k.PanelKeys(r, id, class, k.OpenPanel(r, id, class)); !ok {
			return false
		}
	}
	return true
}

// StyleIssued is what the summary says about a style's tokens.
func (k *Keeper) StyleIssued(r ledger.Reader, id [32]byte, style uint32) *issuancev1.StyleIssued {
	record := styleRecord(r, id, style)
	size := k.roll.Size(r, id, style)
	if len(record.IssuedRoot) == 0 || roll.Chunks(record.RollSize) != roll.Chunks(size) {
		root := k.issuedTree(r, id, style).Root()
		record.IssuedRoot = root[:]
	}
	record.RollSize = size
	removed, root := k.roll.RemovedHead(r, id, style)
	record.Removed, record.RemovedRoot = removed, root[:]
	return record
}

// IssuedChunk proves the chunk of a position in the bitmap "issued".
func (k *Keeper) IssuedChunk(r ledger.Reader, id [32]byte, style uint32, index uint64) (roll.ChunkProof, bool) {
	if index >= k.roll.Size(r, id, style) {
		return roll.ChunkProof{}, false
	}
	chunk := r.Get(chunkKey(id, style, roll.ChunkOf(index)))
	if chunk == nil {
		chunk = make([]byte, roll.ChunkBytes)
	}
	proof, err := k.issuedTree(r, id, style).Inclusion(roll.ChunkOf(index))
	if err != nil {
		panic("issuance: prove a chunk of the bitmap: " + err.Error())
	}
	return roll.ChunkProof{Chunk: bytes.Clone(chunk), Proof: proof}, true
}

// Claim finds a claim on a member of an entry's panel.
func (k *Keeper) Claim(r ledger.Reader, id [32]byte, entry []byte, member uint32) (*issuancev1.Claim, bool) {
	b := r.Get(claimKey(id, entry, member))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[issuancev1.Claim](b), true
}

// Silent counts the claims that an issuer has left unanswered for SilentAfter
// blocks or more at a height.
func (k *Keeper) Silent(r ledger.Reader, id [32]byte, issuer uint32, height int64) uint64 {
	silent := uint64(0)
	r.Iterate(issuance.KeyOpenClaim.Key(id[:], ledger.U32(issuer)), func(key, _ []byte) bool {
		asked := int64(binary.BigEndian.Uint64(key[37:45]))
		if asked+issuance.SilentAfter > height {
			return false
		}
		silent++
		return true
	})
	return silent
}

// Summary lists the objects "issuers/<class>" and "issued/<style>".
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil
	}
	out := make([]ledger.Object, 0, len(def.Classes)+len(def.Styles))
	for class := range uint32(len(def.Classes)) {
		out = append(out, ledger.Object{
			Name:  fmt.Sprintf("issuers/%d", class),
			Bytes: ledger.MustEncode(k.class(r, def, id, class)),
		})
	}
	for style := range uint32(len(def.Styles)) {
		out = append(out, ledger.Object{
			Name:  fmt.Sprintf("issued/%d", style),
			Bytes: ledger.MustEncode(k.StyleIssued(r, id, style)),
		})
	}
	return out
}
