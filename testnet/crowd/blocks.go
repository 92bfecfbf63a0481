package crowd

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
)

// Blocks follows a chain and remembers in which block each transaction is.
type Blocks struct {
	client *client.Client
	poll   time.Duration

	mu      sync.Mutex
	height  int64
	in      map[[32]byte]int64
	waiting map[[32]byte][]chan int64
	moved   chan struct{} // closed and replaced when height grows
}

// NewBlocks follows from the block after the given height on.
func NewBlocks(c *client.Client, after int64, poll time.Duration) *Blocks {
	return &Blocks{
		client: c, poll: poll, height: after,
		in: map[[32]byte]int64{}, waiting: map[[32]byte][]chan int64{}, moved: make(chan struct{}),
	}
}

// Follow reads blocks until the context ends; it returns nil then.
func (b *Blocks) Follow(ctx context.Context) error {
	for {
		status, err := b.client.Status(ctx)
		if err == nil && status.Height > b.Height() {
			err = b.read(ctx, status.Height)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow blocks: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(b.poll):
		}
	}
}

func (b *Blocks) read(ctx context.Context, to int64) error {
	list, err := b.client.Blocks(ctx, b.Height()+1, to)
	if err != nil {
		return err
	}
	for _, raw := range list {
		block, err := chain.DecodeBlock(raw)
		if err != nil {
			return err
		}
		b.take(block.Header.Height, block.Data.Txs)
	}
	return nil
}

func (b *Blocks) take(height int64, txs [][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, raw := range txs {
		hash := sha256.Sum256(raw)
		b.in[hash] = height
		for _, w := range b.waiting[hash] {
			w <- height // has room for one
		}
		delete(b.waiting, hash)
	}
	b.height = height
	close(b.moved)
	b.moved = make(chan struct{})
}

// Height of the last block read.
func (b *Blocks) Height() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.height
}

// In tells the block of a transaction once there is one.
func (b *Blocks) In(hash [32]byte) <-chan int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	tell := make(chan int64, 1)
	if height, ok := b.in[hash]; ok {
		tell <- height
		return tell
	}
	b.waiting[hash] = append(b.waiting[hash], tell)
	return tell
}

// After waits until a block above the height was read.
func (b *Blocks) After(ctx context.Context, height int64) error {
	for {
		b.mu.Lock()
		now, moved := b.height, b.moved
		b.mu.Unlock()
		if now > height {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}
