package store

import (
	"bytes"
	"maps"
	"slices"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// Branch is the state a block is about to make: a snapshot and the block's
// changes over it. It implements ledger.Writer. Nothing is durable before
// Store.Commit. Reading from many goroutines at once is safe after Settle and
// until the next write.
type Branch struct {
	base     *Snapshot
	over     *overlay
	frontier *merkle.Frontier
	nodes    []logNode
	logged   []logged
	txs      []txEntry
	current  *txEntry
	touched  map[[32]byte]bool
}

var _ ledger.Writer = (*Branch)(nil)

type logNode struct {
	id   merkle.NodeID
	hash merkle.Hash
}

// logged is an entry of the ballot log made in this block.
type logged struct {
	index    uint64
	position uint32
	kind     uint32
	hash     [32]byte
	// elections touched by the transaction.
	elections [][32]byte
}

type txEntry struct {
	hash      [32]byte
	position  uint32
	kind      uint32
	logIndex  uint64
	isLogged  bool
	elections [][32]byte
}

// NewBranch begins a block over a snapshot, which must stay open as long as
// the branch is used.
func NewBranch(base *Snapshot) *Branch {
	return &Branch{base: base, over: newOverlay(), frontier: base.frontier.Clone(), touched: make(map[[32]byte]bool)}
}

// Get reads a key with this block's changes.
func (b *Branch) Get(key []byte) []byte {
	if c, ok := b.over.changes[string(key)]; ok {
		return c.value
	}
	return b.base.Get(key)
}

// Iterate visits keys as of the moment it is called; the visitor may write.
func (b *Branch) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	keys := b.over.within(prefix)
	if len(keys) == 0 {
		b.base.Iterate(prefix, visit)
		return
	}
	values := make([][]byte, len(keys))
	for i, k := range keys {
		values[i] = b.over.changes[k].value
	}
	next, going := 0, true
	// ours visits changed keys before the limit, nil meaning all that are left.
	ours := func(limit []byte) {
		for going && next < len(keys) && (limit == nil || keys[next] < string(limit)) {
			if values[next] != nil {
				going = visit([]byte(keys[next]), values[next])
			}
			next++
		}
	}
	b.base.Iterate(prefix, func(key, value []byte) bool {
		ours(key)
		if going && next < len(keys) && keys[next] == string(key) {
			if values[next] != nil {
				going = visit(key, values[next])
			}
			next++
		} else if going {
			going = visit(key, value)
		}
		return going
	})
	ours(nil)
}

// Set changes a key.
func (b *Branch) Set(key, value []byte) {
	if len(key) == 0 || len(value) == 0 {
		panic("store: key and value of state must not be empty")
	}
	b.over.put(key, bytes.Clone(value))
}

// Delete removes a key.
func (b *Branch) Delete(key []byte) {
	if len(key) == 0 {
		panic("store: key of state must not be empty")
	}
	b.over.put(key, nil)
}

// BeginTx says that what follows belongs to a transaction of the block.
func (b *Branch) BeginTx(position, kind uint32, hash [32]byte) {
	if b.current != nil {
		panic("store: a transaction begins within another")
	}
	b.current = &txEntry{hash: hash, position: position, kind: kind}
}

// EndTx ends the transaction and returns its log index, if it was logged.
func (b *Branch) EndTx() (logIndex uint64, isLogged bool) {
	t := b.current
	b.current = nil
	b.txs = append(b.txs, *t)
	if t.isLogged {
		b.logged = append(b.logged, logged{index: t.logIndex, position: t.position, kind: t.kind, hash: t.hash, elections: t.elections})
	}
	return t.logIndex, t.isLogged
}

// AppendLog appends the current transaction's hash to the ballot log.
func (b *Branch) AppendLog(txHash [32]byte) uint64 {
	if b.current == nil || b.current.hash != txHash || b.current.isLogged {
		panic("store: only the transaction at work is logged, and once")
	}
	index := b.frontier.Size()
	err := b.frontier.Append(merkle.LeafHash(txHash[:]), func(id merkle.NodeID, h merkle.Hash) {
		b.nodes = append(b.nodes, logNode{id: id, hash: h})
	})
	if err != nil {
		panic("store: " + err.Error())
	}
	b.current.logIndex, b.current.isLogged = index, true
	return index
}

// Touch says that the summary of an election changes.
func (b *Branch) Touch(election [32]byte) {
	b.touched[election] = true
	if b.current != nil && !slices.Contains(b.current.elections, election) {
		b.current.elections = append(b.current.elections, election)
	}
}

// Touched lists the elections whose summary changes, ascending.
func (b *Branch) Touched() [][32]byte {
	return slices.SortedFunc(maps.Keys(b.touched), func(x, y [32]byte) int { return bytes.Compare(x[:], y[:]) })
}

// Settle prepares the branch for being read from many goroutines at once.
func (b *Branch) Settle() { b.over.settle() }
