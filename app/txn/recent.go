package txn

import "sync"

// shards is how many parts a memory has, so that cores seldom wait for each other.
const shards = 16

// recent remembers values by the hash of what they were made from, the later
// used half of a budget of weight at least. Many goroutines may use it.
type recent[V any] struct{ parts [shards]part[V] }

type part[V any] struct {
	mu     sync.Mutex // guards:
	half   int
	young  map[[32]byte]V
	old    map[[32]byte]V
	weight int // of the young
}

func newRecent[V any](budget int) *recent[V] {
	c := new(recent[V])
	for i := range c.parts {
		c.parts[i].half, c.parts[i].young = max(1, budget/shards/2), make(map[[32]byte]V)
	}
	return c
}

func (c *recent[V]) part(key [32]byte) *part[V] { return &c.parts[key[0]%shards] }

// get finds a value; one found among the old becomes young again.
func (c *recent[V]) get(key [32]byte, weight int) (V, bool) {
	p := c.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.young[key]
	if !ok {
		if v, ok = p.old[key]; ok {
			p.add(key, v, weight)
		}
	}
	return v, ok
}

func (c *recent[V]) put(key [32]byte, v V, weight int) {
	p := c.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(key, v, weight)
}

// add is called with the lock held. When the young fill their half, they become
// the old, and the old are forgotten.
func (p *part[V]) add(key [32]byte, v V, weight int) {
	if _, known := p.young[key]; known {
		return
	}
	if p.weight+weight > p.half {
		p.old, p.young, p.weight = p.young, make(map[[32]byte]V), 0
	}
	p.young[key] = v
	p.weight += weight
}
