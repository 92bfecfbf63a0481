package keeper

import (
	"bytes"
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/merkle"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// EntryProof shows that an entry is in the roll of its style.
type EntryProof struct {
	Style uint32
	// Proof leads from roll.Leaf(entry) to the root of the style.
	Proof   merkle.InclusionProof
	Removed bool
}

// Position finds an entry in the approved roll.
func (k *Keeper) Position(r ledger.Reader, id [32]byte, entry []byte) (style uint32, index uint64, ok bool) {
	author := r.Get(authorKey(id))
	if author == nil || len(entry) != roll.EntryBytes {
		return 0, 0, false
	}
	b := r.Get(positionKey(id, author, entry))
	if b == nil {
		return 0, 0, false
	}
	style, index = binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])
	if index >= k.Size(r, id, style) {
		return 0, 0, false
	}
	return style, index, true
}

// Removed reports whether the entry at a position was struck.
func (k *Keeper) Removed(r ledger.Reader, id [32]byte, style uint32, index uint64) bool {
	return roll.Bit(r.Get(chunkKey(id, style, roll.ChunkOf(index))), index)
}

// Size is the number of entries in the approved roll of a style, struck ones
// included.
func (k *Keeper) Size(r ledger.Reader, id [32]byte, style uint32) uint64 {
	n, _ := ledger.Recall(r, sizeKey(id, style), getU64)
	return n
}

// Roll is the approved roll.
func (k *Keeper) Roll(r ledger.Reader, id [32]byte) (*rollv1.Roll, bool) {
	b := r.Get(rollKey(id))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[rollv1.Roll](b), true
}

// Root is the root of the approved roll of a style.
func (k *Keeper) Root(r ledger.Reader, id [32]byte, style uint32) merkle.Hash {
	author := r.Get(authorKey(id))
	if author == nil {
		return merkle.EmptyRoot()
	}
	return tree{id: id, author: author, style: style}.rootAt(r, k.Size(r, id, style))
}

// RollReady reports whether the roll is approved and has an entry in the zone.
func (k *Keeper) RollReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	def, ok := k.elections.Definition(r, id)
	if !ok || r.Get(authorKey(id)) == nil {
		return false
	}
	for _, style := range election.ZoneStyles(def, zone) {
		if k.Size(r, id, style) > 0 {
			return true
		}
	}
	return false
}

// Entries lists up to limit entries of the approved roll of a style from a
// position.
func (k *Keeper) Entries(r ledger.Reader, id [32]byte, style uint32, from uint64, limit int) [][]byte {
	author := r.Get(authorKey(id))
	if author == nil {
		return nil
	}
	return tree{id: id, author: author, style: style}.entries(r, from, k.Size(r, id, style), limit)
}

// EntryProof proves an entry of the approved roll.
func (k *Keeper) EntryProof(r ledger.Reader, id [32]byte, entry []byte) (EntryProof, bool) {
	style, index, ok := k.Position(r, id, entry)
	if !ok {
		return EntryProof{}, false
	}
	t := tree{id: id, author: r.Get(authorKey(id)), style: style}
	proof, err := merkle.ProveInclusion(t.nodes(r), index, k.Size(r, id, style))
	if err != nil {
		panic("roll: prove an entry of the roll: " + err.Error())
	}
	return EntryProof{Style: style, Proof: proof, Removed: k.Removed(r, id, style, index)}, true
}

// Staged is the size and root of what a member has staged of a style.
func (k *Keeper) Staged(r ledger.Reader, id [32]byte, author []byte, style uint32) (uint64, merkle.Hash) {
	f := tree{id: id, author: author, style: style}.frontier(r)
	return f.Size(), f.Root()
}

// RemovedCount is how many entries of a style were struck.
func (k *Keeper) RemovedCount(r ledger.Reader, id [32]byte, style uint32) uint64 {
	return k.removed(r, id, style).Count
}

// RemovedHead is how many entries of a style were struck and the root of the
// bitmap over its positions.
func (k *Keeper) RemovedHead(r ledger.Reader, id [32]byte, style uint32) (uint64, merkle.Hash) {
	record := k.removed(r, id, style)
	size := k.Size(r, id, style)
	switch {
	case record.Count == 0:
		return 0, roll.BitmapTree(size, func(uint64) []byte { return nil }).Root()
	case record.Chunks == roll.Chunks(size):
		return record.Count, merkle.Hash(record.Root)
	default: // the roll has grown since
		return record.Count, k.removedTree(r, id, style).Root()
	}
}

// RemovedChunk proves the chunk of a position in the bitmap "removed".
func (k *Keeper) RemovedChunk(r ledger.Reader, id [32]byte, style uint32, index uint64) (roll.ChunkProof, bool) {
	if index >= k.Size(r, id, style) {
		return roll.ChunkProof{}, false
	}
	chunk := r.Get(chunkKey(id, style, roll.ChunkOf(index)))
	if chunk == nil {
		chunk = make([]byte, roll.ChunkBytes)
	}
	proof, err := k.removedTree(r, id, style).Inclusion(roll.ChunkOf(index))
	if err != nil {
		panic("roll: prove a chunk of the bitmap: " + err.Error())
	}
	return roll.ChunkProof{Chunk: bytes.Clone(chunk), Proof: proof}, true
}

// Summary lists the object "roll".
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	b := r.Get(rollKey(id))
	if b == nil {
		return nil
	}
	return []ledger.Object{{Name: "roll", Bytes: b}}
}

func (k *Keeper) removed(r ledger.Reader, id [32]byte, style uint32) *rollv1.StyleRemoved {
	record, ok := ledger.Recall(r, removedKey(id, style), ledger.MustDecode[rollv1.StyleRemoved])
	if !ok {
		return new(rollv1.StyleRemoved)
	}
	mine := *record
	return &mine
}

func (k *Keeper) removedTree(r ledger.Reader, id [32]byte, style uint32) *merkle.Tree {
	return roll.BitmapTree(k.Size(r, id, style), func(chunk uint64) []byte {
		b := r.Get(chunkKey(id, style, chunk))
		if b == nil {
			return nil
		}
		h := merkle.LeafHash(b)
		return h[:]
	})
}
