package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// Meter is a light client that follows a chain from its first block on and
// tells runs when their transactions are in a block and when their receipts
// verify. Its clock is the one clock of all measurements.
type Meter struct {
	client *client.Client
	// plain chains have no ballot log: a transaction is done with its block.
	plain bool
	poll  time.Duration
	begun time.Time

	last *chain.Header
	hash [32]byte
	log  merkle.Frontier
	// open are blocks whose ballots are not proven yet.
	open []openBlock
	// known are all transactions seen, if they are to be remembered.
	known map[[16]byte]struct{}

	mu      sync.Mutex
	height  int64
	txs     uint64
	bytes   uint64
	blocks  []BlockSeen
	runs    []*Run
	moved   chan struct{}
	stopped error
}

type openBlock struct {
	height  int64
	lastTx  [32]byte
	logSize uint64
	root    merkle.Hash
}

// BlockSeen is when a block was read and what was in it.
type BlockSeen struct {
	Height int64
	At     time.Duration
	// HeaderMS is the block's own time.
	HeaderMS int64
	Txs      int
	Bytes    int
}

// NewMeter follows with a client that has trust in the chain's genesis. A plain
// chain is one of an application that accepts everything.
func NewMeter(c *client.Client, plain bool) *Meter {
	return &Meter{client: c, plain: plain, poll: 20 * time.Millisecond, begun: time.Now(), moved: make(chan struct{})}
}

// Remember makes the meter know every transaction it sees, for Left. It is
// called before Follow.
func (m *Meter) Remember() { m.known = map[[16]byte]struct{}{} }

// Left is a list without the transactions that are in blocks already.
func (m *Meter) Left(l *List) *List {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := &List{file: l.file}
	for _, p := range l.places {
		if _, there := m.known[[16]byte(p.hash[:16])]; !there {
			left.places = append(left.places, p)
		}
	}
	return left
}

// Now is the time since the meter was made, on its monotonic clock.
func (m *Meter) Now() time.Duration { return time.Since(m.begun) }

// Height of the last block that was read and checked.
func (m *Meter) Height() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.height
}

// Blocks that were seen from a time on.
func (m *Meter) Blocks(from time.Duration) []BlockSeen {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, b := range m.blocks {
		if b.At >= from {
			return append([]BlockSeen{}, m.blocks[i:]...)
		}
	}
	return nil
}

// Totals of transactions and their bytes in all blocks.
func (m *Meter) Totals() (txs, size uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.txs, m.bytes
}

// Follow reads blocks until the context ends; it returns nil then. Anything that
// does not follow from the genesis ends it with an error.
func (m *Meter) Follow(ctx context.Context) error {
	err := m.follow(ctx)
	if ctx.Err() != nil {
		err = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = err
	if err == nil {
		m.stopped = errors.New("the meter was stopped")
	}
	close(m.moved)
	return err
}

func (m *Meter) follow(ctx context.Context) error {
	for {
		next := m.Height() + 1
		list, err := m.client.Blocks(ctx, next, next+63)
		if errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrUnavailable) {
			// There is no such block yet, or the node restarts.
			if err := pause(ctx, m.poll); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("follow blocks: %w", err)
		}
		for _, raw := range list {
			block, err := chain.DecodeBlock(raw)
			if err != nil {
				return fmt.Errorf("follow blocks: %w", err)
			}
			if err := m.take(block); err != nil {
				return fmt.Errorf("follow blocks: height %d: %w", next, err)
			}
			next++
		}
		if err := m.prove(ctx); err != nil {
			return fmt.Errorf("follow blocks: %w", err)
		}
	}
}

// take checks a block against the one before it and counts its transactions.
func (m *Meter) take(block *chain.Block) error {
	header := &block.Header
	if m.last != nil {
		if header.Height != m.last.Height+1 {
			return fmt.Errorf("the node sent height %d", header.Height)
		}
		if !bytes.Equal(header.LastBlockId.Hash, m.hash[:]) {
			return errors.New("the header does not name the one before it")
		}
	}
	hashes, size, tree := make([][32]byte, len(block.Data.Txs)), 0, merkle.Frontier{}
	for i, raw := range block.Data.Txs {
		hashes[i] = sha256.Sum256(raw)
		size += len(raw)
		if err := tree.Append(merkle.LeafHash(hashes[i][:]), nil); err != nil {
			return err
		}
	}
	if root := tree.Root(); !bytes.Equal(root[:], header.DataHash) {
		return errors.New("the transactions do not hash to the header's data hash")
	}
	hash, err := chain.HeaderHash(header)
	if err != nil {
		return err
	}
	if !m.plain {
		if err := m.logged(header.Height, block.Data.Txs, hashes); err != nil {
			return err
		}
	}
	m.last, m.hash = header, hash
	m.publish(header, hashes, size)
	return nil
}

// logged takes the block's ballots and issuances into the log.
func (m *Meter) logged(height int64, raws [][]byte, hashes [][32]byte) error {
	var last *[32]byte
	for i, raw := range raws {
		kind, err := kindOf(raw)
		if err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if kind != uint64(txv1.Kind_KIND_ISSUE_TOKEN) && kind != uint64(txv1.Kind_KIND_CAST_BALLOT) {
			continue
		}
		if err := m.log.Append(merkle.LeafHash(hashes[i][:]), nil); err != nil {
			return err
		}
		last = &hashes[i]
	}
	if last != nil {
		m.open = append(m.open, openBlock{height: height, lastTx: *last, logSize: m.log.Size(), root: m.log.Root()})
	}
	return nil
}

// publish tells runs what is in a block.
func (m *Meter) publish(header *chain.Header, hashes [][32]byte, size int) {
	at := m.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.height = header.Height
	if m.known != nil {
		for _, h := range hashes {
			m.known[[16]byte(h[:16])] = struct{}{}
		}
	}
	m.txs, m.bytes = m.txs+uint64(len(hashes)), m.bytes+uint64(size)
	m.blocks = append(m.blocks, BlockSeen{Height: header.Height, At: at, HeaderMS: header.Time.UnixMilli(), Txs: len(hashes), Bytes: size})
	for _, r := range m.runs {
		r.committed(header.Height, at, hashes)
		if m.plain {
			r.proven(header.Height, at)
		}
	}
	close(m.moved)
	m.moved = make(chan struct{})
}

// prove has every open block but the last one's successor proven: it takes the
// receipt of the block's last ballot, checks all of it, and compares its log
// with the one grown here.
func (m *Meter) prove(ctx context.Context) error {
	for len(m.open) > 0 && m.open[0].height < m.last.Height {
		b := m.open[0]
		receipt, _, err := m.client.Receipt(ctx, b.lastTx)
		if errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrUnavailable) {
			return nil // in a moment
		}
		if err != nil {
			return fmt.Errorf("prove block %d: %w", b.height, err)
		}
		if receipt.Head.Height != b.height || receipt.Leaves.LogSize != b.logSize || !bytes.Equal(receipt.Leaves.LogRoot, b.root[:]) {
			return fmt.Errorf("prove block %d: the signed log of height %d has %d entries and root %s, the blocks give %d and %x",
				b.height, receipt.Head.Height, receipt.Leaves.LogSize, receipt.Leaves.LogRoot, b.logSize, b.root)
		}
		at := m.Now()
		m.mu.Lock()
		for _, r := range m.runs {
			r.proven(b.height, at)
		}
		m.mu.Unlock()
		m.open = m.open[1:]
	}
	return nil
}

// attach and detach runs.
func (m *Meter) attach(r *Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs = append(m.runs, r)
}

func (m *Meter) detach(r *Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.runs {
		if m.runs[i] == r {
			m.runs = append(m.runs[:i:i], m.runs[i+1:]...)
			return
		}
	}
}

// wait returns at the next block, or when the meter ended.
func (m *Meter) wait(ctx context.Context, atMost time.Duration) error {
	m.mu.Lock()
	moved, stopped := m.moved, m.stopped
	m.mu.Unlock()
	if stopped != nil {
		return stopped
	}
	t := time.NewTimer(atMost)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-moved:
	case <-t.C:
	}
	return nil
}

// WaitHeight waits until a height was read.
func (m *Meter) WaitHeight(ctx context.Context, height int64) error {
	for m.Height() < height {
		if err := m.wait(ctx, time.Second); err != nil {
			return fmt.Errorf("wait for height %d: %w", height, err)
		}
	}
	return nil
}

// kindOf reads the kind off an envelope without decoding the rest of it.
func kindOf(raw []byte) (uint64, error) {
	for at := 0; at < len(raw); {
		tag, n := uvarint(raw[at:])
		if n == 0 {
			break
		}
		at += n
		v, n := uvarint(raw[at:])
		if n == 0 {
			break
		}
		at += n
		switch {
		case tag == 3<<3: // kind, a number
			return v, nil
		case tag&7 == 2 && v <= uint64(len(raw)-at): // bytes
			at += int(v)
		case tag&7 != 0:
			return 0, errors.New("no envelope")
		}
	}
	return 0, errors.New("an envelope without a kind")
}

func uvarint(b []byte) (v uint64, n int) {
	for shift := 0; n < len(b) && shift < 64; shift += 7 {
		c := b[n]
		n++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
