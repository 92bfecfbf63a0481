package api

import (
	"fmt"
	"io"
)

// Purposes of a log-in.
const (
	// PurposeToken: the session endorses one record, of one request.
	PurposeToken = "token"
	// PurposeApplication: the voter's own application, at the registrar.
	PurposeApplication = "application"
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
	// for; absent where the purpose is an application.
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
type SessionRequest struct {
	ID       string `json:"id"`
	Verifier Hex    `json:"verifier"`
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
}

// Format prints a redaction for every verb: the answer is a session.
func (SessionAnswer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[session]") }

// CodeRequest asks for a one-time code. POST /v1/code, with the session.
type CodeRequest struct {
	Channel string `json:"channel"`
}

// CodeAnswer: a code is on its way.
type CodeAnswer struct {
	Channel string `json:"channel"`
	// State of the message: queued, sent, delivered or failed.
	State string `json:"state"`
	// Digits of the code; it ends after ExpiresS seconds, and another may be
	// asked for after ResendS.
	Digits   int   `json:"digits"`
	ExpiresS int64 `json:"expires_s"`
	ResendS  int64 `json:"resend_s"`
}
