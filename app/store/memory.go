package store

import "sync"

// memory keeps decoded records of the last committed state, a function of it.
// Snapshots of earlier states do without. Many goroutines may use it.
type memory struct {
	mu      sync.RWMutex // guards:
	state   uint64       // counts the states that it was the memory of
	decoded map[string]any
}

// mostDecoded bounds the memory; a full one is emptied.
const mostDecoded = 1 << 15

func (m *memory) get(state uint64, key []byte) (any, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.state != state {
		return nil, false
	}
	v, ok := m.decoded[string(key)]
	return v, ok
}

func (m *memory) put(state uint64, key []byte, v any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state != state {
		return
	}
	if m.decoded == nil || len(m.decoded) >= mostDecoded {
		m.decoded = make(map[string]any)
	}
	m.decoded[string(key)] = v
}

// advance makes it the memory of the next state, in which these keys changed.
func (m *memory) advance(changed []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range changed {
		delete(m.decoded, key)
	}
	m.state++
}

// current is the state that it is the memory of.
func (m *memory) current() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.state
}

func (m *memory) forget(key []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.decoded, string(key))
}
