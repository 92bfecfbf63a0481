package store

import (
	"maps"
	"sync"
)

// memory keeps decoded records of one state, a function of it. Many goroutines
// may use it.
type memory struct {
	mu      sync.RWMutex // guards:
	decoded map[string]any
}

// mostDecoded bounds the memory; a full one is emptied.
const mostDecoded = 1 << 13

func (m *memory) get(key []byte) (any, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.decoded[string(key)]
	return v, ok
}

func (m *memory) put(key []byte, v any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.decoded == nil || len(m.decoded) >= mostDecoded {
		m.decoded = make(map[string]any)
	}
	m.decoded[string(key)] = v
}

func (m *memory) forget(key []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.decoded, string(key))
}

// without is the memory of the state in which these keys changed.
func (m *memory) without(changed []string) *memory {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := &memory{decoded: maps.Clone(m.decoded)}
	for _, key := range changed {
		delete(out.decoded, key)
	}
	return out
}
