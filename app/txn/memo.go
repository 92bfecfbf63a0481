package txn

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/urna-vote/urna/x/ledger"
)

// memo remembers acceptances, and only these: whose checks all held, by the
// hash of the transaction and of everything its checks were made from. It
// forgets the oldest half when it is full.
type memo struct {
	half int

	mu       sync.Mutex
	young    map[[32]byte]struct{}
	old      map[[32]byte]struct{}
	hits     uint64
	lookedUp uint64
}

func newMemo(size int) *memo {
	return &memo{half: max(1, size/2), young: make(map[[32]byte]struct{})}
}

// memoKey names the checks of a transaction: the same key means the same facts.
func memoKey(item Item) [32]byte {
	h := sha256.New()
	_, _ = h.Write(item.Hash[:])
	var n [8]byte
	for i := range item.Checks {
		c := &item.Checks[i]
		_, _ = h.Write(c.Params[:])
		binary.BigEndian.PutUint32(n[:4], c.Code.Number)
		binary.BigEndian.PutUint32(n[4:], uint32(len(c.Code.Module)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(c.Code.Module))
		binary.BigEndian.PutUint64(n[:], uint64(len(c.Field)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(c.Field))
	}
	return [32]byte(h.Sum(nil))
}

func (m *memo) has(key [32]byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookedUp++
	_, ok := m.young[key]
	if !ok {
		if _, ok = m.old[key]; ok {
			m.add(key)
		}
	}
	if ok {
		m.hits++
	}
	return ok
}

func (m *memo) accept(key [32]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(key)
}

// add is called with the lock held.
func (m *memo) add(key [32]byte) {
	if len(m.young) >= m.half {
		m.old, m.young = m.young, make(map[[32]byte]struct{}, m.half)
	}
	m.young[key] = struct{}{}
}

// Item is a transaction's checks.
type Item struct {
	Hash   [32]byte
	Checks []ledger.Check
}
