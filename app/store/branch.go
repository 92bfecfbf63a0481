package store

import (
	"bytes"
	"maps"
	"slices"
	"sync"

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
	others   []otherTx
	current  current
	touched  map[[32]byte]bool
	gathered map[string]any
	memory   memory

	mu sync.Mutex // guards:
	// read holds what was read below the branch: a ballot's key is looked up when
	// it is judged, when it is executed and when the digest takes out what was
	// there.
	read map[string][]byte
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
	// election that the transaction touched, if any.
	election   [32]byte
	ofElection bool
}

// otherTx is a transaction that is not logged.
type otherTx struct {
	hash     [32]byte
	position uint32
}

// current is the transaction at work.
type current struct {
	open     bool
	isLogged bool
	// several elections were touched.
	several bool
	logged
}

// NewBranch begins a block over a snapshot, which must stay open as long as
// the branch is used.
func NewBranch(base *Snapshot) *Branch {
	return &Branch{base: base, over: newOverlay(), frontier: base.frontier.Clone(), touched: make(map[[32]byte]bool), gathered: make(map[string]any), read: make(map[string][]byte)}
}

// Get reads a key with this block's changes.
func (b *Branch) Get(key []byte) []byte {
	if c, ok := b.over.changes[string(key)]; ok {
		return c.value
	}
	return b.before(key)
}

// before is a key's value in the state below.
func (b *Branch) before(key []byte) []byte {
	b.mu.Lock()
	value, known := b.read[string(key)]
	b.mu.Unlock()
	if known {
		return value
	}
	value = b.base.Get(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read[string(key)] = value
	return value
}

// Recall decodes a record with this block's changes, or remembers it decoded.
func (b *Branch) Recall(key []byte, decode func(value []byte) any) any {
	c, ok := b.over.changes[string(key)]
	if !ok {
		return b.base.Recall(key, decode)
	}
	if c.value == nil {
		return nil
	}
	if v, known := b.memory.get(0, key); known {
		return v
	}
	v := decode(c.value)
	b.memory.put(0, key, v)
	return v
}

// Gather returns what a module collects during the block.
func (b *Branch) Gather(name string, fresh func() any) any {
	v, ok := b.gathered[name]
	if !ok {
		v = fresh()
		b.gathered[name] = v
	}
	return v
}

// Forget drops what was gathered.
func (b *Branch) Forget(name string) { delete(b.gathered, name) }

// Iterate visits keys as of the moment it is called; the visitor may write.
func (b *Branch) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	b.IterateFrom(prefix, nil, visit)
}

// IterateFrom is Iterate from a key on. Keys of an index are those of the state
// before the block.
func (b *Branch) IterateFrom(prefix, from []byte, visit func(key, value []byte) bool) {
	keys := b.over.within(prefix, from)
	if len(keys) == 0 {
		b.base.IterateFrom(prefix, from, visit)
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
	b.base.IterateFrom(prefix, from, func(key, value []byte) bool {
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
	b.put(key, bytes.Clone(value))
}

// Delete removes a key.
func (b *Branch) Delete(key []byte) {
	if len(key) == 0 {
		panic("store: key of state must not be empty")
	}
	b.put(key, nil)
}

func (b *Branch) put(key, value []byte) {
	if ledger.IsIndex(key) {
		panic("store: an index is written by the store alone")
	}
	b.over.put(key, value)
	b.memory.forget(key)
}

// BeginTx says that what follows belongs to a transaction of the block.
func (b *Branch) BeginTx(position, kind uint32, hash [32]byte) {
	if b.current.open {
		panic("store: a transaction begins within another")
	}
	b.current = current{open: true, logged: logged{hash: hash, position: position, kind: kind}}
}

// EndTx ends the transaction and returns its log index, if it was logged.
func (b *Branch) EndTx() (logIndex uint64, isLogged bool) {
	t := b.current
	b.current = current{}
	if t.isLogged && t.several {
		panic("store: a transaction of the ballot log touches several elections")
	}
	if t.isLogged {
		b.logged = append(b.logged, t.logged)
	} else {
		b.others = append(b.others, otherTx{hash: t.hash, position: t.position})
	}
	return t.index, t.isLogged
}

// AppendLog appends the current transaction's hash to the ballot log.
func (b *Branch) AppendLog(txHash [32]byte) uint64 {
	if !b.current.open || b.current.hash != txHash || b.current.isLogged {
		panic("store: only the transaction at work is logged, and once")
	}
	index := b.frontier.Size()
	err := b.frontier.Append(merkle.LeafHash(txHash[:]), func(id merkle.NodeID, h merkle.Hash) {
		if id.Level >= tileLevel {
			b.nodes = append(b.nodes, logNode{id: id, hash: h})
		}
	})
	if err != nil {
		panic("store: " + err.Error())
	}
	b.current.index, b.current.isLogged = index, true
	return index
}

// Touch says that the summary of an election changes.
func (b *Branch) Touch(election [32]byte) {
	c := &b.current
	if c.open && c.ofElection && c.election == election {
		return // it is marked
	}
	b.touched[election] = true
	if !c.open {
		return
	}
	c.several = c.ofElection
	c.election, c.ofElection = election, true
}

// Touched lists the elections whose summary changes, ascending.
func (b *Branch) Touched() [][32]byte {
	return slices.SortedFunc(maps.Keys(b.touched), func(x, y [32]byte) int { return bytes.Compare(x[:], y[:]) })
}

// Settle prepares the branch for being read from many goroutines at once.
func (b *Branch) Settle() { b.over.settle() }
