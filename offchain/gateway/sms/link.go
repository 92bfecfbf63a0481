package sms

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	gosmpperrors "github.com/linxGnu/gosmpp/errors"
	"github.com/linxGnu/gosmpp/pdu"
)

// maxPDU bounds what a centre may send in one PDU. Receipts and answers are far
// below.
const maxPDU = 16 << 10

// link is one bound connection, until it is lost.
type link struct {
	cfg      Config
	conn     net.Conn
	reader   *bufio.Reader
	receipts *receipts
	window   chan struct{} // one place for each unanswered submit_sm
	lost     chan struct{} // closed when the reader has ended

	write sync.Mutex // one PDU at a time

	mu      sync.Mutex
	seq     int32
	pending map[int32]*submission
}

// submission is a submit_sm whose answer is awaited.
type submission struct {
	tracker *tracker
	answer  chan data.CommandStatusType // has room for one
}

// connect dials, binds and starts reading.
func connect(ctx context.Context, cfg Config, r *receipts) (*link, error) {
	dialing, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	var conn net.Conn
	var err error
	if cfg.TLS != nil {
		conn, err = (&tls.Dialer{Config: cfg.TLS}).DialContext(dialing, "tcp", cfg.Address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(dialing, "tcp", cfg.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to SMS centre: %w", err)
	}
	l := &link{
		cfg: cfg, conn: conn, reader: bufio.NewReader(conn), receipts: r,
		window: make(chan struct{}, cfg.Window), lost: make(chan struct{}), pending: map[int32]*submission{},
	}
	if err := l.bind(); err != nil {
		_ = conn.Close() // it is of no use
		return nil, err
	}
	go l.read()
	go l.enquire()
	return l, nil
}

// bind logs in as a transceiver.
func (l *link) bind() error {
	req := pdu.NewBindRequest(pdu.Transceiver)
	req.SystemID, req.Password, req.SystemType = l.cfg.SystemID, string(l.cfg.Password), l.cfg.SystemType
	req.SetSequenceNumber(l.next())
	if err := l.send(req); err != nil {
		return fmt.Errorf("bind to SMS centre: %w", err)
	}
	if err := l.conn.SetReadDeadline(time.Now().Add(l.cfg.Timeout)); err != nil {
		return fmt.Errorf("bind to SMS centre: %w", err)
	}
	for {
		p, _, err := readPDU(l.reader)
		if err != nil {
			return fmt.Errorf("bind to SMS centre: %w", err)
		}
		switch p := p.(type) {
		case *pdu.BindResp:
			if p.CommandStatus != data.ESME_ROK {
				return fmt.Errorf("bind to SMS centre: it refused with status 0x%08X; check system_id, password and system_type", uint32(p.CommandStatus))
			}
			return nil
		case *pdu.GenericNack:
			return errors.New("bind to SMS centre: it does not know bind_transceiver")
		}
	}
}

// read takes PDUs in until the connection ends.
func (l *link) read() {
	defer close(l.lost)
	defer l.conn.Close()
	for {
		// Silence beyond an unanswered enquire_link is a dead connection.
		if l.conn.SetReadDeadline(time.Now().Add(l.cfg.Enquire+l.cfg.Timeout)) != nil {
			return
		}
		p, header, err := readPDU(l.reader)
		switch {
		case errors.Is(err, errUnreadable):
			if l.send(nack(header)) != nil {
				return
			}
		case err != nil || !l.handle(p):
			return
		}
	}
}

// handle takes one PDU in, and says whether the session goes on.
func (l *link) handle(p pdu.PDU) bool {
	switch p := p.(type) {
	case *pdu.SubmitSMResp:
		l.answered(p.SequenceNumber, p.CommandStatus, p.MessageID)
		return true
	case *pdu.GenericNack:
		l.answered(p.SequenceNumber, p.CommandStatus, "")
		return true
	case *pdu.DeliverSM:
		if r, ok := parseReceipt(p); ok {
			l.receipts.come(r)
		}
		return l.send(p.GetResponse()) == nil
	case *pdu.Unbind:
		_ = l.send(p.GetResponse()) // the connection ends either way
		return false
	case *pdu.UnbindResp:
		return false
	}
	if p.CanResponse() {
		return l.send(p.GetResponse()) == nil
	}
	return true
}

// answered hands an answer to whoever waits for it. The receipt is expected
// before the next PDU is read, since it may be the receipt.
func (l *link) answered(seq int32, status data.CommandStatusType, id string) {
	l.mu.Lock()
	s, ok := l.pending[seq]
	delete(l.pending, seq)
	l.mu.Unlock()
	if !ok {
		return
	}
	if status == data.ESME_ROK && id != "" {
		l.receipts.expect(id, s.tracker)
	}
	s.answer <- status
}

// submit hands a part over and waits for the answer.
func (l *link) submit(ctx context.Context, p *pdu.SubmitSM, t *tracker) (data.CommandStatusType, error) {
	select {
	case l.window <- struct{}{}:
		defer func() { <-l.window }()
	case <-l.lost:
		return 0, errLost
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	s := &submission{tracker: t, answer: make(chan data.CommandStatusType, 1)}
	seq := l.next()
	p.SetSequenceNumber(seq)
	l.mu.Lock()
	l.pending[seq] = s
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.pending, seq)
		l.mu.Unlock()
	}()
	if l.send(p) != nil {
		_ = l.conn.Close() // half a PDU may have left: the reader ends the link
		return 0, errLost
	}
	timer := time.NewTimer(l.cfg.Answer)
	defer timer.Stop()
	select {
	case status := <-s.answer:
		return status, nil
	case <-l.lost:
		return 0, errLost
	case <-timer.C:
		return 0, errNoAnswer
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// enquire asks the centre now and then whether it lives.
func (l *link) enquire() {
	tick := time.NewTicker(l.cfg.Enquire)
	defer tick.Stop()
	for {
		select {
		case <-l.lost:
			return
		case <-tick.C:
		}
		p := pdu.NewEnquireLink()
		p.SetSequenceNumber(l.next())
		if l.send(p) != nil {
			_ = l.conn.Close()
			return
		}
	}
}

// unbind ends the session politely, within a second.
func (l *link) unbind() {
	p := pdu.NewUnbind()
	p.SetSequenceNumber(l.next())
	if l.send(p) == nil {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-l.lost:
		case <-timer.C:
		}
	}
	_ = l.conn.Close()
	<-l.lost
}

func (l *link) send(p pdu.PDU) error {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	l.write.Lock()
	defer l.write.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.cfg.Timeout)); err != nil {
		return err
	}
	_, err := l.conn.Write(buf.Bytes())
	return err
}

// next is a sequence number from 1 to 0x7FFFFFFF.
func (l *link) next() int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seq++; l.seq <= 0 {
		l.seq = 1
	}
	return l.seq
}

// errUnreadable is a whole PDU that is not understood: the next can be read.
var errUnreadable = errors.New("read PDU: it is not understood")

// readPDU reads one PDU of at most maxPDU.
func readPDU(r io.Reader) (pdu.PDU, pdu.Header, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, pdu.Header{}, err
	}
	header := pdu.ParseHeader(head)
	length := binary.BigEndian.Uint32(head[:4])
	if length < uint32(len(head)) || length > maxPDU {
		return nil, header, errors.New("read PDU: its length is impossible")
	}
	frame := make([]byte, length)
	copy(frame, head[:])
	if _, err := io.ReadFull(r, frame[len(head):]); err != nil {
		return nil, header, err
	}
	p, err := pdu.Parse(bytes.NewReader(frame))
	if err != nil {
		return nil, header, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return p, header, nil
}

func nack(h pdu.Header) pdu.PDU {
	n := pdu.NewGenericNack().(*pdu.GenericNack)
	n.CommandStatus = data.ESME_RINVCMDLEN
	if _, err := pdu.CreatePDUFromCmdID(h.CommandID); errors.Is(err, gosmpperrors.ErrUnknownCommandID) {
		n.CommandStatus = data.ESME_RINVCMDID
	}
	n.SetSequenceNumber(h.SequenceNumber)
	return n
}
