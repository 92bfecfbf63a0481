package keeper

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/urna-vote/urna/crypto/merkle"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// gathered are the marks of the block's tokens. Its end writes them, each chunk
// and each count once. Nothing reads them before: a token is found by its
// record, and ballots of the block use tokens of earlier ones.
type gathered struct {
	styles  map[styleRef]uint64
	chunks  map[chunkRef][]byte
	classes map[classRef]uint64
	panels  map[panelRef]uint64
}

type styleRef struct {
	election [32]byte
	style    uint32
}

type chunkRef struct {
	styleRef
	chunk uint64
}

type classRef struct {
	election [32]byte
	class    uint32
}

type panelRef struct {
	classRef
	panel uint32
}

func gather(w ledger.Writer) *gathered {
	return w.Gather(issuance.Module, func() any {
		return &gathered{
			styles: map[styleRef]uint64{}, chunks: map[chunkRef][]byte{},
			classes: map[classRef]uint64{}, panels: map[panelRef]uint64{},
		}
	}).(*gathered)
}

// token marks a token at a position of the roll of a style.
func (g *gathered) token(r ledger.Reader, id [32]byte, style uint32, index uint64, class, panel uint32) {
	s := styleRef{election: id, style: style}
	c := chunkRef{styleRef: s, chunk: roll.ChunkOf(index)}
	before := g.chunks[c]
	if before == nil {
		before = r.Get(chunkKey(id, style, c.chunk))
	}
	g.chunks[c] = roll.WithBit(before, index)
	g.styles[s]++
	k := classRef{election: id, class: class}
	g.classes[k]++
	g.panels[panelRef{classRef: k, panel: panel}]++
}

// EndBlock brings the bitmaps, their roots and the counts up to date in which
// tokens were issued in this block.
func (k *Keeper) EndBlock(_ ledger.Context, w ledger.Writer) {
	g := gather(w)
	w.Forget(issuance.Module)
	for _, c := range slices.SortedFunc(maps.Keys(g.chunks), compareChunks) {
		hash := merkle.LeafHash(g.chunks[c])
		w.Set(chunkKey(c.election, c.style, c.chunk), g.chunks[c])
		w.Set(chunkHashKey(c.election, c.style, c.chunk), hash[:])
	}
	for _, s := range slices.SortedFunc(maps.Keys(g.styles), compareStyles) {
		record := styleRecord(w, s.election, s.style)
		record.Issued += g.styles[s]
		record.RollSize = k.roll.Size(w, s.election, s.style)
		root := k.issuedTree(w, s.election, s.style).Root()
		record.IssuedRoot = root[:]
		w.Set(styleKey(s.election, s.style), ledger.MustEncode(record))
	}
	for _, c := range slices.SortedFunc(maps.Keys(g.classes), compareClasses) {
		add(w, classCountKey(c.election, c.class), g.classes[c])
	}
	for _, p := range slices.SortedFunc(maps.Keys(g.panels), comparePanels) {
		add(w, panelCountKey(p.election, p.class, p.panel), g.panels[p])
	}
}

func add(w ledger.Writer, key []byte, n uint64) { w.Set(key, ledger.U64(getU64(w.Get(key))+n)) }

func compareStyles(x, y styleRef) int {
	return cmp.Or(bytes.Compare(x.election[:], y.election[:]), cmp.Compare(x.style, y.style))
}

func compareChunks(x, y chunkRef) int {
	return cmp.Or(compareStyles(x.styleRef, y.styleRef), cmp.Compare(x.chunk, y.chunk))
}

func compareClasses(x, y classRef) int {
	return cmp.Or(bytes.Compare(x.election[:], y.election[:]), cmp.Compare(x.class, y.class))
}

func comparePanels(x, y panelRef) int {
	return cmp.Or(compareClasses(x.classRef, y.classRef), cmp.Compare(x.panel, y.panel))
}

// styleRecord reads a style's record as of its last token; it is the caller's.
func styleRecord(r ledger.Reader, id [32]byte, style uint32) *issuancev1.StyleIssued {
	record, ok := ledger.Recall(r, styleKey(id, style), ledger.MustDecode[issuancev1.StyleIssued])
	if !ok {
		return &issuancev1.StyleIssued{Style: style}
	}
	mine := *record
	return &mine
}

// issuedTree is the tree over the chunks of the bitmap "issued": one pass over
// their hashes.
func (k *Keeper) issuedTree(r ledger.Reader, id [32]byte, style uint32) *merkle.Tree {
	hashes := map[uint64][]byte{}
	prefix := issuance.KeyChunkHash.Key(id[:], ledger.U32(style))
	r.Iterate(prefix, func(key, value []byte) bool {
		hashes[binary.BigEndian.Uint64(key[len(prefix):])] = bytes.Clone(value)
		return true
	})
	return roll.BitmapTree(k.roll.Size(r, id, style), func(chunk uint64) []byte { return hashes[chunk] })
}
