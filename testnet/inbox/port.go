package inbox

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Port is where a simulated provider is reached: it dies, without a word of
// farewell, and comes back at the same address.
type Port struct {
	provider string
	serve    func(net.Listener)
	work     sync.WaitGroup
	ended    chan struct{} // closed by Close

	mu       sync.Mutex
	address  string
	listener net.Listener // nil while dead
	open     map[net.Conn]struct{}
}

// NewPort is dead until Revive. Each time it lives, serve takes its connections
// until the listener is closed.
func NewPort(provider, address string, serve func(net.Listener)) *Port {
	return &Port{provider: provider, address: address, serve: serve, ended: make(chan struct{}), open: map[net.Conn]struct{}{}}
}

// Addr is the address, also while the provider is dead.
func (p *Port) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address
}

// Ended is closed when the provider ends for good.
func (p *Port) Ended() <-chan struct{} { return p.ended }

// Die cuts all connections and takes none.
func (p *Port) Die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.die()
}

func (p *Port) die() {
	if p.listener != nil {
		_ = p.listener.Close() // nothing to be done about a port that does not close
		p.listener = nil
	}
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// Revive opens the port again, at the same address.
func (p *Port) Revive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return fmt.Errorf("revive %s: it is alive", p.provider)
	}
	select {
	case <-p.ended:
		return fmt.Errorf("revive %s: it is closed", p.provider)
	default:
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("open port of %s: %w", p.provider, err)
	}
	p.address, p.listener = l.Addr().String(), l
	p.work.Go(func() { p.serve(&life{Listener: l, port: p}) })
	return nil
}

// Close ends the provider.
func (p *Port) Close() error {
	p.mu.Lock()
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
	p.die()
	p.mu.Unlock()
	p.work.Wait()
	return nil
}

// life is the listener between a revival and a death.
type life struct {
	net.Listener
	port *Port
}

// Accept remembers what is to be cut.
func (l *life) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p := l.port
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != l.Listener {
		return nil, errors.Join(net.ErrClosed, c.Close()) // it died meanwhile
	}
	p.open[c] = struct{}{}
	return &call{Conn: c, port: p}, nil
}

// call is one client's connection.
type call struct {
	net.Conn
	port *Port
}

// Close forgets the connection.
func (c *call) Close() error {
	c.port.mu.Lock()
	delete(c.port.open, c.Conn)
	c.port.mu.Unlock()
	return c.Conn.Close()
}
