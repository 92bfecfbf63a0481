package connections

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listener holds so many connections at once. When all are taken a new one ends
// that which has asked nothing for the longest time; if all are at work, more
// wait in the kernel.
type Listener struct {
	net.Listener
	slots chan struct{}
	once  sync.Once
	done  chan struct{}

	mu sync.Mutex
	// idle connections, the longest idle first, and where each stands there.
	idle  *list.List
	place map[net.Conn]*list.Element
}

// New wraps a listener. Note must be the server's ConnState.
func New(l net.Listener, atOnce int) *Listener {
	return &Listener{
		Listener: l, slots: make(chan struct{}, atOnce), done: make(chan struct{}),
		idle: list.New(), place: map[net.Conn]*list.Element{},
	}
}

// Open is how many there are.
func (l *Listener) Open() int { return len(l.slots) }

// Accept waits for a connection and then for a slot.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if !l.slot() {
		_ = c.Close() // nobody was promised an answer
		return nil, net.ErrClosed
	}
	return &slotted{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// lookAgain is how often it is asked whether a connection became idle.
const lookAgain = 50 * time.Millisecond

// slot waits for a free slot; false says that the listener was closed.
func (l *Listener) slot() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
	}
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		l.evict()
		select {
		case l.slots <- struct{}{}:
			return true
		case <-l.done:
			return false
		case <-again.C:
		}
	}
}

// Note follows the state of connections, as net/http tells it.
func (l *Listener) Note(c net.Conn, state http.ConnState) {
	// Behind TLS the server tells of its own wrapper.
	if wrapped, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = wrapped.NetConn()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, found := l.place[c]; found {
		l.idle.Remove(e)
		delete(l.place, c)
	}
	if state == http.StateNew || state == http.StateIdle {
		l.place[c] = l.idle.PushBack(c)
	}
}

// evict closes the connection that is idle for the longest time, if one is.
func (l *Listener) evict() {
	l.mu.Lock()
	e := l.idle.Front()
	if e == nil {
		l.mu.Unlock()
		return
	}
	c := e.Value.(net.Conn)
	l.idle.Remove(e)
	delete(l.place, c)
	l.mu.Unlock()
	_ = c.Close() // gives the slot back
}

// Close stops accepting.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type slotted struct {
	net.Conn
	free func()
}

// Close gives the slot back.
func (c *slotted) Close() error {
	defer c.free()
	return c.Conn.Close()
}
