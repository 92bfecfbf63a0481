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

// Place of an entry in the approved roll, and whether a token was issued for it.
type Place struct {
	Style  uint32
	Index  uint64
	Issued bool
}

// VerifyRollEntry checks an entry's place and bit against the objects "roll"
// and "issued/<style>", which must have been sent. Whether the entry was struck
// is not proven by such an answer: Removed is the node's word.
func (p *Proven) VerifyRollEntry(entry [32]byte, e *api.RollEntry) (*Place, error) {
	place, err := p.rollEntry(entry, e)
	if err != nil {
		return nil, fmt.Errorf("check entry %x: %w", entry[:4], err)
	}
	return place, nil
}

func (p *Proven) rollEntry(entry [32]byte, e *api.RollEntry) (*Place, error) {
	switch {
	case !bytes.Equal(e.Entry, entry[:]):
		return nil, fmt.Errorf("the answer is for %s", e.Entry)
	case e.Height != p.Head.Height:
		return nil, fmt.Errorf("the answer is of height %d, the summary of %d: ask for both again", e.Height, p.Head.Height)
	}
	style, err := p.styleRoll(e.Style)
	if err != nil {
		return nil, err
	}
	if e.Size != style.Size_ {
		return nil, fmt.Errorf("size: %d, the roll of style %d has %d", e.Size, e.Style, style.Size_)
	}
	path, err := inclusion(e.Index, e.Size, e.Path)
	if err != nil {
		return nil, err
	}
	if err := path.Verify(roll.Leaf(entry[:]), merkle.Hash(style.Root)); err != nil {
		return nil, err
	}
	issued, err := p.issuedBit(e)
	if err != nil {
		return nil, err
	}
	if issued != e.Issued {
		return nil, fmt.Errorf("issued: %v, its bit says %v", e.Issued, issued)
	}
	return &Place{Style: e.Style, Index: e.Index, Issued: issued}, nil
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
	if int64(style) >= int64(len(r.Styles)) || r.Styles[style].Style != style || len(r.Styles[style].Root) != hashSize {
		return nil, fmt.Errorf("style %d is not in the roll", style)
	}
	return r.Styles[style], nil
}

// issuedBit reads the entry's bit from its proven chunk.
func (p *Proven) issuedBit(e *api.RollEntry) (bool, error) {
	name := fmt.Sprintf("issued/%d", e.Style)
	b, ok := p.Object(name)
	if !ok {
		return false, fmt.Errorf("object %q was not sent", name)
	}
	issued, err := ledger.DecodeStrict[issuancev1.StyleIssued](b, len(b))
	if err != nil {
		return false, fmt.Errorf("object %q: %w", name, err)
	}
	switch {
	case len(issued.IssuedRoot) != hashSize || issued.RollSize != e.Size:
		return false, fmt.Errorf("object %q is of a roll of %d entries, not %d", name, issued.RollSize, e.Size)
	case len(e.Chunk) != roll.ChunkBytes:
		return false, fmt.Errorf("chunk: %d bytes, it has %d", len(e.Chunk), roll.ChunkBytes)
	case e.ChunkIndex != roll.ChunkOf(e.Index) || e.ChunkCount != roll.Chunks(e.Size):
		return false, fmt.Errorf("chunk: %d of %d, position %d is in %d of %d", e.ChunkIndex, e.ChunkCount, e.Index, roll.ChunkOf(e.Index), roll.Chunks(e.Size))
	}
	path, err := inclusion(e.ChunkIndex, e.ChunkCount, e.ChunkPath)
	if err != nil {
		return false, err
	}
	if err := path.Verify(merkle.LeafHash(e.Chunk), merkle.Hash(issued.IssuedRoot)); err != nil {
		return false, fmt.Errorf("chunk: %w", err)
	}
	return roll.Bit(e.Chunk, e.Index), nil
}
