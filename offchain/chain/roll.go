package chain

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/proto/api"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// Place of an entry in the approved roll, whether a token was issued for it and
// whether it was struck.
type Place struct {
	Style   uint32
	Index   uint64
	Issued  bool
	Removed bool
}

// VerifyRollEntry checks an entry's place and bits against the objects "roll"
// and "issued/<style>", which must have been sent.
func (p *Proven) VerifyRollEntry(entry [32]byte, e *api.RollEntry) (*Place, error) {
	place, err := p.rollEntry(entry, e)
	if err != nil {
		return nil, fmt.Errorf("check entry %x: %w", entry[:4], err)
	}
	return place, nil
}

func (p *Proven) rollEntry(entry [32]byte, e *api.RollEntry) (*Place, error) {
	if e.Height != p.Head.Height {
		return nil, fmt.Errorf("the answer is of height %d, the summary of %d: ask for both again", e.Height, p.Head.Height)
	}
	style, err := p.styleRoll(e.Style)
	if err != nil {
		return nil, err
	}
	if err := CheckPlace(style, entry, e); err != nil {
		return nil, err
	}
	bits, err := p.styleIssued(e.Style)
	if err != nil {
		return nil, err
	}
	issued, err := CheckIssued(bits, e)
	if err != nil {
		return nil, err
	}
	removed, err := CheckRemoved(bits, e)
	if err != nil {
		return nil, err
	}
	return &Place{Style: e.Style, Index: e.Index, Issued: issued, Removed: removed}, nil
}

// CheckPlace checks an entry's path to the root of its style's roll, which the
// caller has proven.
func CheckPlace(style *rollv1.StyleRoll, entry [32]byte, e *api.RollEntry) error {
	switch {
	case !bytes.Equal(e.Entry, entry[:]):
		return fmt.Errorf("the answer is for %s", e.Entry)
	case len(style.Root) != hashSize:
		return fmt.Errorf("style %d: its root has %d bytes", style.Style, len(style.Root))
	case e.Style != style.Style || e.Size != style.Size_:
		return fmt.Errorf("size: %d of style %d, the roll of style %d has %d", e.Size, e.Style, style.Style, style.Size_)
	}
	path, err := inclusion(e.Index, e.Size, e.Path)
	if err != nil {
		return err
	}
	return path.Verify(roll.Leaf(entry[:]), merkle.Hash(style.Root))
}

// CheckIssued reads from a proven bitmap whether a token was issued for the
// entry; its place is for CheckPlace.
func CheckIssued(bits *issuancev1.StyleIssued, e *api.RollEntry) (bool, error) {
	return checkBit("issued", bits, bits.IssuedRoot, e, e.Chunk, e.ChunkPath, e.Issued)
}

// CheckRemoved reads from a proven bitmap whether the entry was struck; its
// place is for CheckPlace.
func CheckRemoved(bits *issuancev1.StyleIssued, e *api.RollEntry) (bool, error) {
	return checkBit("removed", bits, bits.RemovedRoot, e, e.RemovedChunk, e.RemovedChunkPath, e.Removed)
}

func checkBit(name string, bits *issuancev1.StyleIssued, root []byte, e *api.RollEntry, chunk api.Hex, hashes []api.Hex, said bool) (bool, error) {
	switch {
	case bits.Style != e.Style || bits.RollSize != e.Size || len(root) != hashSize:
		return false, fmt.Errorf("%s: the bitmap is of style %d and %d entries, not of style %d and %d", name, bits.Style, bits.RollSize, e.Style, e.Size)
	case len(chunk) != roll.ChunkBytes:
		return false, fmt.Errorf("%s: chunk of %d bytes, it has %d", name, len(chunk), roll.ChunkBytes)
	case e.ChunkIndex != roll.ChunkOf(e.Index) || e.ChunkCount != roll.Chunks(e.Size):
		return false, fmt.Errorf("%s: chunk %d of %d, position %d is in %d of %d", name, e.ChunkIndex, e.ChunkCount, e.Index, roll.ChunkOf(e.Index), roll.Chunks(e.Size))
	}
	path, err := inclusion(e.ChunkIndex, e.ChunkCount, hashes)
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	if err := path.Verify(merkle.LeafHash(chunk), merkle.Hash(root)); err != nil {
		return false, fmt.Errorf("%s: chunk: %w", name, err)
	}
	bit := roll.Bit(chunk, e.Index)
	if bit != said {
		return false, fmt.Errorf("%s: %v, its bit says %v", name, said, bit)
	}
	return bit, nil
}

// styleRoll finds the tree of a style in the object "roll".
func (p *Proven) styleRoll(style uint32) (*rollv1.StyleRoll, error) {
	b, ok := p.Object("roll")
	if !ok {
		return nil, fmt.Errorf("object %q was not sent", "roll")
	}
	r, err := ledger.DecodeStrict[rollv1.Roll](b, len(b))
	if err != nil {
		return nil, fmt.Errorf("object %q: %w", "roll", err)
	}
	if int64(style) >= int64(len(r.Styles)) || r.Styles[style].Style != style {
		return nil, fmt.Errorf("style %d is not in the roll", style)
	}
	return r.Styles[style], nil
}

// styleIssued reads the heads of a style's bitmaps.
func (p *Proven) styleIssued(style uint32) (*issuancev1.StyleIssued, error) {
	name := fmt.Sprintf("issued/%d", style)
	b, ok := p.Object(name)
	if !ok {
		return nil, fmt.Errorf("object %q was not sent", name)
	}
	bits, err := ledger.DecodeStrict[issuancev1.StyleIssued](b, len(b))
	if err != nil {
		return nil, fmt.Errorf("object %q: %w", name, err)
	}
	return bits, nil
}
