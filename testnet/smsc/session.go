package smsc

import (
	"bufio"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// idle is how long a client may say nothing; enquire_link counts.
const idle = 2 * time.Minute

// session is one client's connection.
type session struct {
	server *Server
	conn   net.Conn
	done   chan struct{} // closed when the connection has ended

	write sync.Mutex // one PDU at a time

	// account is set by a good bind. Owned by the reader; others read it under
	// Server.mu, which bind holds.
	account string
	takes   bool // it was bound to receive, too
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{server: s, conn: conn, done: make(chan struct{})}
}

// serve reads until the connection ends.
func (c *session) serve() {
	defer close(c.done)
	defer c.conn.Close()
	r := bufio.NewReader(c.conn)
	for {
		if c.conn.SetReadDeadline(time.Now().Add(idle)) != nil {
			return
		}
		p, err := pdu.Parse(r)
		if err != nil {
			return
		}
		if !c.handle(p) {
			return
		}
	}
}

// handle answers one PDU, and says whether the session goes on.
func (c *session) handle(p pdu.PDU) bool {
	switch p := p.(type) {
	case *pdu.BindRequest:
		return c.bind(p)
	case *pdu.EnquireLink:
		return c.send(p.GetResponse()) == nil
	case *pdu.Unbind:
		_ = c.send(p.GetResponse())
		return false
	case *pdu.SubmitSM:
		if c.account == "" {
			return c.refuse(p, data.ESME_RINVBNDSTS)
		}
		c.server.work.Go(func() { c.submit(p) })
		return true
	case *pdu.DeliverSMResp, *pdu.EnquireLinkResp, *pdu.UnbindResp, *pdu.GenericNack:
		return true
	}
	nack := pdu.NewGenericNack().(*pdu.GenericNack)
	nack.CommandStatus = data.ESME_RINVCMDID
	nack.SetSequenceNumber(p.GetSequenceNumber())
	return c.send(nack) == nil
}

func (c *session) bind(p *pdu.BindRequest) bool {
	s := c.server
	status := data.ESME_ROK
	s.mu.Lock()
	password, known := s.cfg.Accounts[p.SystemID]
	switch {
	case c.account != "":
		status = data.ESME_RALYBND
	case !known:
		status = data.ESME_RINVSYSID
	case password != p.Password:
		status = data.ESME_RINVPASWD
	}
	var owed []receipt
	if status == data.ESME_ROK {
		c.account = p.SystemID
		c.takes = p.BindingType != pdu.Transmitter
		s.counts.Binds++
		if c.takes {
			owed = s.owed[c.account]
			delete(s.owed, c.account)
		}
	} else {
		s.counts.Refused++
	}
	s.mu.Unlock()

	resp := p.GetResponse().(*pdu.BindResp)
	resp.CommandStatus = status
	resp.SystemID = "URNA-SMSC"
	if c.send(resp) != nil || status != data.ESME_ROK {
		return false
	}
	for _, r := range owed {
		s.report(c, r)
	}
	return true
}

func (c *session) refuse(p *pdu.SubmitSM, status data.CommandStatusType) bool {
	resp := p.GetResponse().(*pdu.SubmitSMResp)
	resp.CommandStatus = status
	return c.send(resp) == nil
}

func (c *session) send(p pdu.PDU) error {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err := c.conn.Write(buf.Bytes())
	return err
}

// pause waits, unless that ends before for whose sake it waits.
func pause(d time.Duration, ended <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ended:
		return false
	case <-t.C:
		return true
	}
}
