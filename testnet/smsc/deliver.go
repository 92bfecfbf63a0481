package smsc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/urna-vote/urna/testnet/inbox"
)

// partKey is what the parts of one long message have in common.
type partKey struct {
	account, from, to string
	ref               byte
}

// assembly is a long message whose parts come one by one.
type assembly struct {
	parts map[byte]string
	coded string
}

// receipt is a delivery receipt that is to be sent.
type receipt struct {
	account  string
	id       string
	from, to string
	at       time.Time
	state    string // DELIVRD, UNDELIV, EXPIRED
	twice    bool
}

// message_state of the receipts' texts.
var states = map[string]byte{"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5}

// submit takes or refuses one submission, and brings what it took.
func (c *session) submit(p *pdu.SubmitSM) {
	s := c.server
	b := s.Behaviour()
	if !pause(time.Duration(b.DelayMS)*time.Millisecond, c.done) {
		return
	}
	id, status := s.judge(p)
	if status != data.ESME_ROK {
		c.refuse(p, status)
		return
	}
	if !b.Silent {
		resp := p.GetResponse().(*pdu.SubmitSMResp)
		resp.MessageID = id
		if c.send(resp) != nil {
			return
		}
	}
	after := time.Duration(b.DeliverMS) * time.Millisecond
	late := expires(p.ValidityPeriod, after)
	// What a centre took it brings, whether the client is still there or not.
	if pause(after, s.Ended()) {
		c.bring(p, id, b, late)
	}
}

// judge gives a submission its id, or the status that refuses it.
func (s *Server) judge(p *pdu.SubmitSM) (string, data.CommandStatusType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Submitted++
	b := &s.behaviour
	now := s.cfg.Now()
	s.window = slices.DeleteFunc(s.window, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	switch {
	case b.Throttle > 0:
		b.Throttle--
		s.counts.Throttled++
		return "", data.ESME_RTHROTTLED
	case b.Rate > 0 && float64(len(s.window)) >= b.Rate:
		s.counts.Throttled++
		return "", data.ESME_RTHROTTLED
	case b.Status != 0:
		return "", data.CommandStatusType(b.Status)
	case slices.Contains(b.Unknown, phone(p.DestAddr)):
		return "", data.ESME_RINVDSTADR
	}
	if b.Rate > 0 {
		s.window = append(s.window, now)
	}
	s.nextID++
	s.counts.Taken++
	return fmt.Sprintf("%010d", s.nextID), data.ESME_ROK
}

// bring hands a submission to its phone and reports it.
func (c *session) bring(p *pdu.SubmitSM, id string, b Behaviour, late bool) {
	s := c.server
	r := receipt{
		account: c.account, id: id, from: address(p.SourceAddr), to: phone(p.DestAddr),
		at: s.cfg.Now(), state: "DELIVRD", twice: b.Duplicate,
	}
	switch {
	case late:
		r.state = "EXPIRED"
	case b.Drop:
		r.state = "UNDELIV"
	default:
		if m, whole := s.assemble(c.account, p); whole {
			s.cfg.Inbox.Put(m)
			if b.Duplicate {
				s.cfg.Inbox.Put(m)
			}
		}
	}
	if p.RegisteredDelivery&1 != 0 && !b.Mute {
		s.report(c, r)
	}
}

// assemble returns the message once all its parts are there.
func (s *Server) assemble(account string, p *pdu.SubmitSM) (inbox.Message, bool) {
	m := inbox.Message{
		At: s.cfg.Now(), Account: account, From: address(p.SourceAddr), To: phone(p.DestAddr), Parts: 1, Coding: coding(&p.Message),
	}
	text, err := p.Message.GetMessage()
	if err != nil {
		text = "(unreadable: " + err.Error() + ")"
	}
	total, part, ref, long := p.Message.UDH().GetConcatInfo()
	if !long {
		m.Text = text
		return m, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := partKey{account, m.From, m.To, ref}
	a := s.parts[key]
	if a == nil {
		a = &assembly{parts: map[byte]string{}}
		s.parts[key] = a
	}
	a.parts[part] = text
	if len(a.parts) < int(total) {
		return m, false
	}
	delete(s.parts, key)
	var whole strings.Builder
	for i := byte(1); i <= total; i++ {
		whole.WriteString(a.parts[i])
	}
	m.Text, m.Parts = whole.String(), int(total)
	return m, true
}

// report sends a receipt to the session that submitted, or to another of the
// account, or keeps it until the account binds again.
func (s *Server) report(c *session, r receipt) {
	times := 1
	if r.twice {
		times = 2
	}
	for range times {
		if !s.deliver(c, r) {
			s.mu.Lock()
			s.owed[r.account] = append(s.owed[r.account], r)
			s.mu.Unlock()
			return
		}
	}
}

func (s *Server) deliver(c *session, r receipt) bool {
	s.mu.Lock()
	to := []*session{}
	for other := range s.sessions {
		if other != c && other.account == r.account && other.takes {
			to = append(to, other)
		}
	}
	if _, alive := s.sessions[c]; alive && c.takes {
		to = append([]*session{c}, to...)
	}
	s.mu.Unlock()
	for _, t := range to {
		if t.send(r.pdu()) == nil {
			s.mu.Lock()
			s.counts.Receipts++
			s.mu.Unlock()
			return true
		}
	}
	return false
}

// pdu is the receipt in the form of SMPP 3.4, appendix B, with the optional
// parameters that say the same.
func (r receipt) pdu() pdu.PDU {
	p := pdu.NewDeliverSM().(*pdu.DeliverSM)
	p.EsmClass = data.SM_SMSC_DLV_RCPT_TYPE
	p.SourceAddr = international(r.to)
	_ = p.DestAddr.SetAddress(r.from) // it came in an address field and fits into one
	done := 0
	if r.state == "DELIVRD" {
		done = 1
	}
	stamp := r.at.UTC().Format("0601021504")
	text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:000 text:", r.id, done, stamp, stamp, r.state)
	_ = p.Message.SetMessageWithEncoding(text, data.GSM7BIT) // ASCII of a known length
	p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: append([]byte(r.id), 0)})
	p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{states[r.state]}})
	return p
}

// expires reads a relative validity period "YYMMDDhhmmsstnnR" and says whether it
// is over after a wait. Another form, or none, is no limit.
func expires(period string, after time.Duration) bool {
	if len(period) != 16 || period[15] != 'R' {
		return false
	}
	units := []time.Duration{365 * 24 * time.Hour, 30 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}
	var valid time.Duration
	for i, unit := range units {
		n, err := strconv.Atoi(period[2*i : 2*i+2])
		if err != nil {
			return false
		}
		valid += time.Duration(n) * unit
	}
	return after > valid
}

func coding(m *pdu.ShortMessage) string {
	switch e := m.Encoding(); {
	case e == nil || e.DataCoding() == data.GSM7BITCoding:
		return "gsm7"
	case e.DataCoding() == data.UCS2Coding:
		return "ucs2"
	default:
		return fmt.Sprintf("coding %d", e.DataCoding())
	}
}

// phone writes a destination in international form.
func phone(a pdu.Address) string {
	if a.Ton() == data.GSM_TON_INTERNATIONAL {
		return "+" + a.Address()
	}
	return a.Address()
}

func address(a pdu.Address) string { return phone(a) }

func international(number string) pdu.Address {
	a := pdu.NewAddress()
	a.SetTon(data.GSM_TON_INTERNATIONAL)
	a.SetNpi(data.GSM_NPI_E164)
	_ = a.SetAddress(strings.TrimPrefix(number, "+")) // it came in an address field and fits into one
	return a
}
