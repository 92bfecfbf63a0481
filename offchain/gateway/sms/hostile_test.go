package sms_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/urna-vote/urna/offchain/gateway/sms"
)

// hostile is a centre that binds everybody and then does what a test says with
// each connection.
func hostile(t *testing.T, then func(conn net.Conn, r *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				p, err := pdu.Parse(r)
				bind, ok := p.(*pdu.BindRequest)
				if err != nil || !ok {
					return
				}
				write(conn, bind.GetResponse())
				then(conn, r)
			}()
		}
	}()
	return l.Addr().String()
}

func write(conn net.Conn, p pdu.PDU) {
	buf := pdu.NewBuffer(nil)
	p.Marshal(buf)
	_, _ = conn.Write(buf.Bytes()) // the client may have left
}

// receipt is a delivery receipt in its plainest form.
func receipt(id, state string) *pdu.DeliverSM {
	p := pdu.NewDeliverSM().(*pdu.DeliverSM)
	p.EsmClass = 4
	_ = p.Message.SetMessageWithEncoding("id:"+id+" sub:001 dlvrd:001 stat:"+state+" err:000 text:", data.GSM7BIT) // ASCII
	return p
}

func TestHangingCentreIsNoticed(t *testing.T) {
	t.Parallel()
	// It accepts the connection and the bind, and is then gone without closing:
	// enquire_link gets no answer.
	address := hostile(t, func(net.Conn, *bufio.Reader) { time.Sleep(time.Minute) })
	c := client(t, address, func(c *sms.Config) {
		c.Enquire, c.Timeout, c.Retry, c.RetryMax = 100*time.Millisecond, 200*time.Millisecond, 5*time.Second, 5*time.Second
	})
	bound(t, c)
	until(t, "the silence is noticed", func() bool { return c.Check() != nil })
}

func TestQuietConnectionIsKeptByEnquireLink(t *testing.T) {
	t.Parallel()
	s, _ := centre(t)
	c := client(t, s.Addr(), func(c *sms.Config) { c.Enquire, c.Timeout = 50*time.Millisecond, 100*time.Millisecond })
	bound(t, c)
	time.Sleep(500 * time.Millisecond)
	if n := s.Counts().Binds; n != 1 {
		t.Fatalf("a quiet connection was bound %d times", n)
	}
}

func TestReceiptThatComesBeforeTheAnswerCounts(t *testing.T) {
	t.Parallel()
	address := hostile(t, func(conn net.Conn, r *bufio.Reader) {
		for {
			p, err := pdu.Parse(r)
			if err != nil {
				return
			}
			if submit, ok := p.(*pdu.SubmitSM); ok {
				write(conn, receipt("77", "DELIVRD"))
				resp := submit.GetResponse().(*pdu.SubmitSMResp)
				resp.MessageID = "77"
				write(conn, resp)
			}
		}
	})
	c := client(t, address, nil)
	bound(t, c)
	if o := outcome(t, send(t, c, text(phone, "код 111111"))); !o.Delivered {
		t.Fatal("an early receipt was lost")
	}
}

func TestUnreadablePDUsAreAnsweredAndPassedOver(t *testing.T) {
	t.Parallel()
	nacks := make(chan *pdu.GenericNack, 8)
	address := hostile(t, func(conn net.Conn, r *bufio.Reader) {
		for _, raw := range []string{
			"00000010000000ff0000000000000007",         // no such command
			"00000014000000050000000000000008ffffffff", // deliver_sm of four octets
		} {
			b, _ := hex.DecodeString(raw) // constant
			_, _ = conn.Write(b)
		}
		for {
			p, err := pdu.Parse(r)
			if err != nil {
				return
			}
			switch p := p.(type) {
			case *pdu.GenericNack:
				nacks <- p
			case *pdu.SubmitSM:
				write(conn, p.GetResponse())
			}
		}
	})
	c := client(t, address, nil)
	bound(t, c)
	for _, want := range []struct {
		seq    int32
		status data.CommandStatusType
	}{{7, data.ESME_RINVCMDID}, {8, data.ESME_RINVCMDLEN}} {
		select {
		case n := <-nacks:
			if n.SequenceNumber != want.seq || n.CommandStatus != want.status {
				t.Fatalf("PDU %d is answered with %v to %d", want.seq, n.CommandStatus, n.SequenceNumber)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("PDU %d is not answered", want.seq)
		}
	}
	send(t, c, text(phone, "код 111111"))
}

func TestImpossibleLengthEndsTheConnection(t *testing.T) {
	t.Parallel()
	for _, length := range []uint32{0, 15, 1 << 20, 0xffffffff} {
		b := make([]byte, 16)
		binary.BigEndian.PutUint32(b, length)
		address := hostile(t, func(conn net.Conn, _ *bufio.Reader) {
			_, _ = conn.Write(b)
			time.Sleep(10 * time.Second)
		})
		c := client(t, address, func(c *sms.Config) { c.Retry, c.RetryMax = time.Minute, time.Minute })
		until(t, "the connection is given up", func() bool {
			err := c.Check()
			return err != nil && err.Error() == "send SMS: the connection was lost before the centre answered"
		})
	}
}

func TestUnbindOfTheCentreIsAnswered(t *testing.T) {
	t.Parallel()
	answered := make(chan bool, 8)
	address := hostile(t, func(conn net.Conn, r *bufio.Reader) {
		write(conn, pdu.NewUnbind())
		p, err := pdu.Parse(r)
		_, ok := p.(*pdu.UnbindResp)
		answered <- err == nil && ok
	})
	c := client(t, address, nil)
	for range 2 { // it comes back
		select {
		case ok := <-answered:
			if !ok {
				t.Fatal("unbind was not answered")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the client did not answer, or did not come back")
		}
	}
	_ = c
}

func TestReceiptsAreReadInTheirSpellings(t *testing.T) {
	withTLV := func(id string, state byte) *pdu.DeliverSM {
		p := pdu.NewDeliverSM().(*pdu.DeliverSM)
		p.EsmClass = 4
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: append([]byte(id), 0)})
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{state}})
		return p
	}
	person := receipt("5", "DELIVRD")
	person.EsmClass = 0
	for _, tc := range []struct {
		name          string
		p             *pdu.DeliverSM
		ok, delivered bool
	}{
		{"delivered in text", receipt("5", "DELIVRD"), true, true},
		{"expired in text", receipt("5", "EXPIRED"), true, false},
		{"rejected in text", receipt("5", "REJECTD"), true, false},
		{"on its way in text", receipt("5", "ACCEPTD"), false, false},
		{"without an id", receipt("", "DELIVRD"), false, false},
		{"nonsense", receipt("5", "HELLO"), false, false},
		{"delivered in parameters", withTLV("5", 2), true, true},
		{"undeliverable in parameters", withTLV("5", 5), true, false},
		{"on its way in parameters", withTLV("5", 1), false, false},
		{"an unknown state", withTLV("5", 99), false, false},
		{"a person's answer", person, false, false},
	} {
		r, ok := sms.ParseReceipt(tc.p)
		if ok != tc.ok || (ok && sms.Delivered(r) != tc.delivered) {
			t.Errorf("%s: understood %v, delivered %v", tc.name, ok, sms.Delivered(r))
		}
	}
}

func FuzzReadPDU(f *testing.F) {
	for _, p := range []pdu.PDU{receipt("5", "DELIVRD"), pdu.NewSubmitSMResp(), pdu.NewEnquireLink(), pdu.NewUnbind(), pdu.NewGenericNack(), pdu.NewDataSM(), pdu.NewAlertNotification()} {
		buf := pdu.NewBuffer(nil)
		p.Marshal(buf)
		f.Add(buf.Bytes())
	}
	// A receipt with a user data header that is longer than it says.
	long, _ := hex.DecodeString("000000290000000500000000000000010000000000000000400000000000000000080605000301020100")
	f.Add(long)
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, _, err := sms.ReadPDU(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if d, ok := p.(*pdu.DeliverSM); ok {
			if r, ok := sms.ParseReceipt(d); ok && sms.ID(r) == "" {
				t.Fatal("a receipt without an id is understood")
			}
		}
		if p.CanResponse() {
			buf := pdu.NewBuffer(nil)
			p.GetResponse().Marshal(buf)
			if buf.Len() < 16 {
				t.Fatalf("an answer of %d octets", buf.Len())
			}
		}
	})
}
