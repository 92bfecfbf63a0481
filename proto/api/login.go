package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// Purposes of a log-in.
const (
	// PurposeToken: the session endorses one record, of one request.
	PurposeToken = "token"
	// PurposeApplication: the voter's own application, at the registrar.
	PurposeApplication = "application"
	// PurposeDispute: the person says that a token was endorsed that nobody asked for.
	PurposeDispute = "dispute"
)

// Channels by which a one-time code is sent.
const (
	ChannelSMS  = "sms"
	ChannelMail = "mail"
)

// LoginRequest begins a log-in at the portal. POST /v1/login
type LoginRequest struct {
	Purpose  string `json:"purpose"`
	Election Hex    `json:"election"`
	// Request is the hash of the token request that the session will be good
	// for (x/issuance.RequestHash); absent where the purpose is another.
	Request Hex `json:"request,omitempty"`
	// Challenge is the SHA-256 of the verifier that will redeem the log-in.
	Challenge Hex `json:"challenge"`
	// Return is where the browser goes afterwards: a page of a known origin, or
	// an address of this device's loopback.
	Return string `json:"return"`
}

// LoginAnswer names the log-in; the person's browser opens URL.
type LoginAnswer struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// SessionRequest redeems a finished log-in. POST /v1/session
//
// When the log-in is done the browser comes to the return address with one more
// value: in the fragment ("#login=…") of a page, in the query ("?login=…") of a
// loopback address. That value, not the id under which the log-in began, is what
// is redeemed: who begins a log-in and has another person finish it gets nothing.
// It ends with LoginTag, by which the device knows whose log-in it is and what for.
// A log-in that failed comes back with "login_error=" and the name of the refusal.
type SessionRequest struct {
	// ID is the value that came back as "login".
	ID       string `json:"id"`
	Verifier Hex    `json:"verifier"`
}

// LoginTag is what a value that comes back as "login" ends with, after a dot: by
// whom the log-in was taken and what for. A device looks at it before it redeems:
// a gateway that leads the browser on to another one's log-in, which it began
// itself, would else be handed what opens a session there. Operator is the key of
// the issuer whose gateway it is for PurposeToken, and all zero for the others:
// no list says whose key a registrar has.
func LoginTag(purpose string, operator, election, request [32]byte) string {
	if purpose != PurposeToken {
		operator = [32]byte{}
	}
	b := []byte("urna/v1/api/login")
	for _, part := range [][32]byte{operator, election, request} {
		b = append(b, part[:]...)
	}
	sum := sha256.Sum256(append(b, purpose...))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// LoginFits reports whether a value that came back as "login" ends with a tag.
func LoginFits(login, tag string) bool {
	secret, ends, ok := strings.Cut(login, ".")
	return ok && secret != "" && ends == tag
}

// Format prints a redaction for every verb: the request opens a session.
func (SessionRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[session request]") }

// SessionAnswer is a session and what it is good for. Entry is absent where
// there is none yet: before the list is closed.
type SessionAnswer struct {
	// Session travels in the Authorization header, as "Bearer …".
	Session  string `json:"session"`
	ExpiresS int64  `json:"expires_s"`
	Entry    Hex    `json:"entry,omitempty"`
	Style    uint32 `json:"style"`
	// Channels that one-time codes can be sent by, the recommended one first.
	Channels []string `json:"channels"`
	// Mark is four digits that the device shows; the message with the code for
	// this session shows the same.
	Mark string `json:"mark"`
}

// Format prints a redaction for every verb: the answer is a session.
func (SessionAnswer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[session]") }

// CodeRequest asks for a one-time code. POST /v1/code, with the session.
type CodeRequest struct {
	Channel string `json:"channel"`
}

// CodeAnswer: a code is on its way. GET /v1/code, with the session, tells again
// what became of the last message.
type CodeAnswer struct {
	Channel string `json:"channel"`
	// State of the message: queued, sent, delivered, failed, or unknown where
	// another replica sent it.
	State string `json:"state"`
	// Reason of a failure, and whether another channel is advised now.
	Reason string `json:"reason,omitempty"`
	Advice string `json:"advice,omitempty"`
	// Digits of the code; it ends after ExpiresS seconds, and another may be
	// asked for after ResendS.
	Digits   int   `json:"digits"`
	ExpiresS int64 `json:"expires_s"`
	ResendS  int64 `json:"resend_s"`
}

// DisputeRequest says it all by coming with a session of that purpose.
// POST /v1/dispute
type DisputeRequest struct{}

// DisputeAnswer: what the person says is counted, once.
type DisputeAnswer struct {
	// Endorsed: this issuer did endorse a token for the person's entry. Only then
	// is there something to dispute.
	Endorsed bool `json:"endorsed"`
	Counted  bool `json:"counted"`
}

// Disputes of an election at one issuer, in GatewayInfo.
type Disputes struct {
	Election Hex   `json:"election"`
	Count    int64 `json:"count"`
}
