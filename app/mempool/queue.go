package mempool

import "github.com/urna-vote/urna/x/ledger"

// Source is who sent a transaction. Turns are given to groups, and within a
// group to its sources.
type Source struct {
	// Group: a client's address. Name: its connection.
	Group, Name string
}

// item is a transaction that is not verified yet.
type item struct {
	tx   Tx
	from Source
	// peer says that another node sent it.
	peer bool
	// doubted says that it waits in the lane of the doubted.
	doubted bool
	// turns it had without a verdict.
	turns int
	// done is closed when the verdict is there.
	done    chan struct{}
	refusal *ledger.Refusal
}

// fifo is a queue; its zero value is empty.
type fifo[T any] struct {
	s    []T
	head int
}

func (q *fifo[T]) push(v T) { q.s = append(q.s, v) }
func (q *fifo[T]) len() int { return len(q.s) - q.head }

func (q *fifo[T]) pop() T {
	var none T
	v := q.s[q.head]
	q.s[q.head] = none
	q.head++
	if q.head == len(q.s) {
		q.s, q.head = q.s[:0], 0
	} else if q.head > 1024 && 2*q.head > len(q.s) {
		q.s = append(q.s[:0], q.s[q.head:]...)
		q.head = 0
	}
	return v
}

// group of sources with something queued.
type group struct {
	name    string
	turn    fifo[*source]
	sources map[string]*source
	count   int
	bytes   int64
}

type source struct {
	name  string
	items fifo[*item]
}

// lane is a queue with bounds, which gives every group and within it every
// source its turn.
type lane struct {
	maxCount int
	maxBytes int64
	turn     fifo[*group]
	groups   map[string]*group
	count    int
	bytes    int64
}

func newLane(count int, bytes int64) *lane {
	return &lane{maxCount: max(1, count), maxBytes: max(1, bytes), groups: make(map[string]*group)}
}

// mostOfFree: a group may hold so many times what is free.
const mostOfFree = 4

// push queues an item, if there is room. While others wait no group may hold
// more than half of the room, nor a source more than half of its group's.
func (l *lane) push(it *item) bool {
	size := int64(len(it.tx.Raw))
	if l.count >= l.maxCount || l.count > 0 && l.bytes+size > l.maxBytes {
		return false
	}
	g := l.groups[it.from.Group]
	if g != nil && len(l.groups) > 1 && (g.count >= (l.maxCount+1)/2 || g.bytes+size > l.maxBytes/2) {
		return false
	}
	// However many hold all they can, there is room for one who has nothing here.
	if g != nil && (g.count >= mostOfFree*(l.maxCount-l.count) || g.bytes > mostOfFree*(l.maxBytes-l.bytes-size)) {
		return false
	}
	if g == nil {
		g = &group{name: it.from.Group, sources: make(map[string]*source)}
		l.groups[g.name] = g
		l.turn.push(g)
	}
	s := g.sources[it.from.Name]
	if s != nil && len(g.sources) > 1 && s.items.len() >= (l.maxCount+3)/4 {
		return false
	}
	if s == nil {
		s = &source{name: it.from.Name}
		g.sources[s.name] = s
		g.turn.push(s)
	}
	s.items.push(it)
	g.count++
	g.bytes += size
	l.count++
	l.bytes += size
	return true
}

// pop takes the item whose turn it is; the lane must not be empty.
func (l *lane) pop() *item {
	g := l.turn.pop()
	s := g.turn.pop()
	it := s.items.pop()
	size := int64(len(it.tx.Raw))
	g.count--
	g.bytes -= size
	l.count--
	l.bytes -= size
	if s.items.len() > 0 {
		g.turn.push(s)
	} else {
		delete(g.sources, s.name)
	}
	if g.count > 0 {
		l.turn.push(g)
	} else {
		delete(l.groups, g.name)
	}
	return it
}

// queue of what is not verified yet: what other nodes verified before they sent
// it, what clients send, and what clients send who sent rubbish before.
type queue struct{ peers, clients, doubted *lane }

func newQueue(count int, bytes int64) queue {
	return queue{
		peers:   newLane(count, bytes),
		clients: newLane(count, bytes),
		doubted: newLane(count/8, bytes/8),
	}
}

func (q *queue) len() int { return q.peers.count + q.clients.count + q.doubted.count }

func (q *queue) bytes() int64 { return q.peers.bytes + q.clients.bytes + q.doubted.bytes }

// take takes a batch: of every eight four from nodes, three from clients, one
// from those who are doubted; what one lane has not, the others get. But those
// who are doubted get no more than an eighth of a batch: others would wait long
// for one that is full of rubbish.
func (q *queue) take(count int, bytes int64) []*item {
	order := [8]*lane{q.peers, q.clients, q.peers, q.clients, q.doubted, q.peers, q.clients, q.peers}
	most := batchCount / 8
	var out []*item
	var size int64
	for i := 0; len(out) < count && size < bytes && (q.peers.count+q.clients.count > 0 || q.doubted.count > 0 && most > 0); i++ {
		l := order[i%len(order)]
		if l == q.doubted {
			if most == 0 {
				continue
			}
			most--
		}
		if l.count > 0 {
			it := l.pop()
			size += int64(len(it.tx.Raw))
			out = append(out, it)
		}
	}
	return out
}
