package public

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"sync"

	"github.com/cometbft/cometbft/types"
	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/proto/api"
)

// Limits of one answer with blocks.
const (
	maxBlocks     = 500
	maxBlockBytes = 32 << 20
)

const octetStream = "application/octet-stream"

func (s *Server) routeBlocks(a huma.API) {
	blocks := op("GET", "/blocks", "blocks", "Blocks (tendermint.types.Block): uvarint length and bytes, repeated")
	blocks.Description = "At most 500, and fewer if they are large: ask again from the next height on."
	huma.Register(a, blocks, s.blockRange)
	huma.Register(a, op("GET", "/headers/{height}", "header", "Header (tendermint.types.Header) of a block"), s.header)
	huma.Register(a, op("GET", "/commits/{height}", "commit", "Commit (tendermint.types.Commit) of a block"), s.commit)
}

type blocksInput struct {
	From int64 `query:"from" required:"true" minimum:"1" doc:"the first height"`
	To   int64 `query:"to" required:"true" minimum:"1" doc:"the last height"`
}

// stream is an answer that is written piece by piece.
type stream struct {
	ContentType string `header:"Content-Type"`
	Body        func(huma.Context)
}

func (s *Server) blockRange(ctx context.Context, in *blocksInput) (*stream, error) {
	if in.To < in.From || in.To-in.From >= maxBlocks {
		return nil, refused(fmt.Sprintf("blocks %d to %d: want a range of 1 to %d heights", in.From, in.To, maxBlocks))
	}
	// A block counts once the application has it; the engine stores it before.
	last := min(in.To, s.height())
	if in.From > last {
		return nil, notFound(fmt.Sprintf("there is no block %d yet", in.From))
	}
	if !s.streaming.take(ctx) {
		return nil, huma.Error503ServiceUnavailable("too many ask for blocks; try again")
	}
	first := s.encoded(in.From)
	s.streaming.give()
	if first == nil {
		return nil, absent(s.Blocks, in.From)
	}
	return &stream{ContentType: octetStream, Body: func(to huma.Context) { s.writeBlocks(to, in.From, last, first) }}, nil
}

// writeBlocks writes one block after the other, so that a slow reader holds no
// more than one. It ends early where it cannot go on: fewer blocks are an
// answer too.
func (s *Server) writeBlocks(to huma.Context, from, last int64, block []byte) {
	sent := 0
	for h := from; ; {
		framed := append(binary.AppendUvarint(make([]byte, 0, len(block)+binary.MaxVarintLen64), uint64(len(block))), block...)
		n, err := to.BodyWriter().Write(framed)
		sent += n
		if h++; err != nil || h > last || !s.streaming.take(to.Context()) {
			return
		}
		block = s.encoded(h)
		s.streaming.give()
		if block == nil || sent+len(block) > maxBlockBytes {
			return
		}
	}
}

func (s *Server) height() int64 {
	v := s.App.View()
	defer v.Close()
	return v.Height
}

// encoded is a block as it was proposed: its parts, one after the other.
func (s *Server) encoded(height int64) []byte {
	meta := s.Blocks.LoadBlockMeta(height)
	if meta == nil {
		return nil
	}
	out := make([]byte, 0, meta.BlockSize)
	for i := range int(meta.BlockID.PartSetHeader.Total) {
		part := s.Blocks.LoadBlockPart(height, i)
		if part == nil {
			return nil
		}
		out = append(out, part.Bytes...)
	}
	return out
}

type byHeight struct {
	Height int64 `path:"height" minimum:"1" doc:"height of the block"`
}

// absent is the answer for a block that a node which began with a snapshot of
// the state does not have.
func absent(b Blocks, height int64) error {
	if base := b.Base(); height < base {
		what := "what came before it"
		if height > 0 {
			what = fmt.Sprintf("block %d", height)
		}
		return notFound(fmt.Sprintf("%s is not kept here: this node's blocks begin at height %d; ask another node", what, base))
	}
	return notFound(fmt.Sprintf("block %d is not kept here", height))
}

func (s *Server) header(_ context.Context, in *byHeight) (*raw, error) {
	if in.Height > s.height() {
		return nil, notFound(fmt.Sprintf("there is no block %d yet", in.Height))
	}
	meta := s.Blocks.LoadBlockMeta(in.Height)
	if meta == nil {
		return nil, absent(s.Blocks, in.Height)
	}
	b, err := meta.Header.ToProto().Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode header %d: %w", in.Height, err)
	}
	return &raw{ContentType: octetStream, Body: b}, nil
}

func (s *Server) commit(_ context.Context, in *byHeight) (*raw, error) {
	if in.Height > s.height() {
		return nil, notFound(fmt.Sprintf("there is no block %d yet", in.Height))
	}
	if in.Height < s.Blocks.Base() {
		return nil, absent(s.Blocks, in.Height)
	}
	c, err := encodedCommit(s.Blocks, in.Height)
	if err != nil {
		return nil, err
	}
	return &raw{ContentType: octetStream, Body: c}, nil
}

// encodedCommit is the commit of a block: the one in the next block if it is
// there, so that all nodes give the same, or the one this node saw.
func encodedCommit(from Commits, height int64) ([]byte, error) {
	c := from.LoadBlockCommit(height)
	if c == nil {
		c = from.LoadSeenCommit(height)
	}
	if c == nil {
		return nil, notFound(fmt.Sprintf("the commit of block %d is not kept here", height))
	}
	b, err := c.ToProto().Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode commit of block %d: %w", height, err)
	}
	return b, nil
}

// head pairs the state of a height with the header that names its hash.
func (s *Server) head(height int64, appHash []byte) (api.Head, error) {
	meta := s.Blocks.LoadBlockMeta(height + 1)
	if meta == nil {
		return api.Head{}, notFound(fmt.Sprintf("height %d is not provable yet: it needs the next block", height))
	}
	if string(meta.Header.AppHash) != string(appHash) {
		return api.Head{}, huma.NewError(http.StatusInternalServerError, fmt.Sprintf("header %d names another state than this node has", height+1))
	}
	header, err := meta.Header.ToProto().Marshal()
	if err != nil {
		return api.Head{}, fmt.Errorf("encode header %d: %w", height+1, err)
	}
	commit, err := encodedCommit(s.Blocks, height+1)
	if err != nil {
		return api.Head{}, err
	}
	return api.Head{Height: height, Header: header, Commit: commit}, nil
}

// blockCache keeps the blocks looked into last: lists go through a block
// transaction by transaction.
type blockCache struct {
	// loading bounds how many blocks are taken apart at once.
	loading turns
	mu      sync.Mutex
	blocks  []*types.Block
}

const cachedBlocks = 8

func (c *blockCache) get(from Blocks, height int64) *types.Block {
	if b := c.find(height); b != nil {
		return b
	}
	// Nobody who asks for a block that is here waits for these.
	c.loading <- struct{}{}
	defer c.loading.give()
	if b := c.find(height); b != nil {
		return b
	}
	b := from.LoadBlock(height)
	if b == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.blocks) == cachedBlocks {
		c.blocks = append(c.blocks[:0], c.blocks[1:]...)
	}
	c.blocks = append(c.blocks, b)
	return b
}

func (c *blockCache) find(height int64) *types.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.blocks {
		if b.Height == height {
			return b
		}
	}
	return nil
}

// tx is the transaction at a place of a block.
func (c *blockCache) tx(from Blocks, height int64, position uint32) ([]byte, error) {
	b := c.get(from, height)
	if b == nil {
		return nil, absent(from, height)
	}
	if int64(position) >= int64(len(b.Txs)) {
		return nil, fmt.Errorf("block %d has %d transactions, the state knows one at %d", height, len(b.Txs), position)
	}
	return b.Txs[position], nil
}
