package txn

import "sync"

// recent remembers values of a pure function by the hash of its input, the
// later used half of a budget of weight at least. Many goroutines may use it.
type recent[V any] struct {
	half int

	mu     sync.Mutex // guards:
	young  map[[32]byte]V
	old    map[[32]byte]V
	weight int // of the young
}

func newRecent[V any](budget int) *recent[V] {
	return &recent[V]{half: max(1, budget/2), young: make(map[[32]byte]V)}
}

// get finds a value; one found among the old becomes young again.
func (c *recent[V]) get(key [32]byte, weight int) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[key]
	if !ok {
		if v, ok = c.old[key]; ok {
			c.add(key, v, weight)
		}
	}
	return v, ok
}

func (c *recent[V]) put(key [32]byte, v V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key, v, weight)
}

// add is called with the lock held. When the young fill their half, they become
// the old, and the old are forgotten.
func (c *recent[V]) add(key [32]byte, v V, weight int) {
	if _, known := c.young[key]; known {
		return
	}
	if c.weight+weight > c.half {
		c.old, c.young, c.weight = c.young, make(map[[32]byte]V), 0
	}
	c.young[key] = v
	c.weight += weight
}
