package chain_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/proto/api"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// rolled is a roll of two chunks in which one entry of the second has a token.
func rolled(t *testing.T) (entry [32]byte, answer api.RollEntry, objects []api.Object) {
	t.Helper()
	const size, index = roll.ChunkPositions + 100, roll.ChunkPositions + 7
	tree := new(merkle.Tree)
	for i := range uint64(size) {
		e := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		if i == index {
			entry = e
		}
		if err := tree.Append(roll.Leaf(e[:])); err != nil {
			t.Fatal(err)
		}
	}
	path, err := tree.Inclusion(index)
	if err != nil {
		t.Fatal(err)
	}
	chunk := roll.WithBit(nil, index)
	hash := merkle.LeafHash(chunk)
	bitmap := roll.BitmapTree(size, func(c uint64) []byte {
		if c == 1 {
			return hash[:]
		}
		return nil
	})
	chunkPath, err := bitmap.Inclusion(1)
	if err != nil {
		t.Fatal(err)
	}
	// Another entry of the chunk before was struck.
	struck := roll.WithBit(nil, 3)
	struckHash := merkle.LeafHash(struck)
	removed := roll.BitmapTree(size, func(c uint64) []byte {
		if c == 0 {
			return struckHash[:]
		}
		return nil
	})
	removedPath, err := removed.Inclusion(1)
	if err != nil {
		t.Fatal(err)
	}
	root, issuedRoot, removedRoot := tree.Root(), bitmap.Root(), removed.Root()
	answer = api.RollEntry{Entry: entry[:], Index: index, Size: size, Path: hexes(path.Path), Issued: true, Height: 41,
		Chunk: chunk, ChunkIndex: 1, ChunkCount: 2, ChunkPath: hexes(chunkPath.Path),
		RemovedChunk: make([]byte, roll.ChunkBytes), RemovedChunkPath: hexes(removedPath.Path)}
	return entry, answer, []api.Object{
		{Name: "issued/0", Bytes: ledger.MustEncode(&issuancev1.StyleIssued{
			RollSize: size, Issued: 1, IssuedRoot: issuedRoot[:], Removed: 1, RemovedRoot: removedRoot[:]})},
		{Name: "roll", Bytes: ledger.MustEncode(&rollv1.Roll{Author: make([]byte, 32), Styles: []*rollv1.StyleRoll{{Size_: size, Root: root[:]}}})},
	}
}

func TestAnEntrysPlaceAndTokenAreProvenAndEveryAlterationRefused(t *testing.T) {
	entry, answer, objects := rolled(t)
	w := newWorld(t, objects...)
	p, err := w.trust.VerifyProven(w.election, &w.proven)
	if err != nil {
		t.Fatal(err)
	}
	place, err := p.VerifyRollEntry(entry, &answer)
	if err != nil || !place.Issued || place.Removed || place.Index != answer.Index {
		t.Fatal(place, err)
	}
	for name, alter := range map[string]func(e *api.RollEntry){
		"struck":            func(e *api.RollEntry) { e.Removed = true },
		"struck bit":        func(e *api.RollEntry) { e.RemovedChunk[0] = 0x80; e.Removed = true },
		"another's bit":     func(e *api.RollEntry) { e.RemovedChunk[0] = 8 },
		"removed path":      func(e *api.RollEntry) { e.RemovedChunkPath[0][0] ^= 1 },
		"no removed path":   func(e *api.RollEntry) { e.RemovedChunkPath = nil },
		"no removed chunk":  func(e *api.RollEntry) { e.RemovedChunk, e.RemovedChunkPath = nil, nil },
		"bitmaps exchanged": func(e *api.RollEntry) { e.RemovedChunk, e.RemovedChunkPath, e.Removed = e.Chunk, e.ChunkPath, true },
		"entry":             func(e *api.RollEntry) { e.Entry[0] ^= 1 },
		"height":            func(e *api.RollEntry) { e.Height++ },
		"style":             func(e *api.RollEntry) { e.Style = 1 },
		"index":             func(e *api.RollEntry) { e.Index++ },
		"size":              func(e *api.RollEntry) { e.Size++ },
		"path":              func(e *api.RollEntry) { e.Path[3][0] ^= 1 },
		"token denied":      func(e *api.RollEntry) { e.Issued = false },
		"bit":               func(e *api.RollEntry) { e.Chunk[0] = 0; e.Issued = false },
		"other chunk":       func(e *api.RollEntry) { e.ChunkIndex = 0 },
		"chunk count":       func(e *api.RollEntry) { e.ChunkCount = 3 },
		"chunk path":        func(e *api.RollEntry) { e.ChunkPath[0][0] ^= 1 },
		"chunk short":       func(e *api.RollEntry) { e.Chunk = e.Chunk[1:] },
		"no chunk":          func(e *api.RollEntry) { e.Chunk = nil; e.Issued = false },
	} {
		bad := clone(t, answer)
		alter(&bad)
		if _, err := p.VerifyRollEntry(entry, &bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	bare := newWorld(t)
	without, err := bare.trust.VerifyProven(bare.election, &bare.proven)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.VerifyRollEntry(entry, &answer); err == nil {
		t.Error("accepted without the objects")
	}
}
