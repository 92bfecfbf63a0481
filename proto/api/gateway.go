package api

import (
	"fmt"
	"io"
)

// TokenRequest asks an issuer's gateway to endorse a record. POST /v1/token
type TokenRequest struct {
	Election Hex    `json:"election"`
	Entry    Hex    `json:"entry"`
	Style    uint32 `json:"style"`
	Panel    uint32 `json:"panel"`
	// Pass and Code show to this issuer whose entry it is. Within a session of
	// the portal there is no pass, and the code is the one that was sent.
	Pass Hex    `json:"pass,omitempty"`
	Code string `json:"code"`
	// Blinded is this member's blinded message, BlindedHashes the SHA-256 of
	// each member's in panel order.
	Blinded       Hex   `json:"blinded"`
	BlindedHashes []Hex `json:"blinded_hashes"`
	ClaimKeyHash  Hex   `json:"claim_key_hash"`
}

// Format prints a redaction for every verb: the request holds a voter's code.
func (TokenRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[token request]") }

// TokenAnswer is the gateway's endorsement of the record.
type TokenAnswer struct {
	Endorsement Hex `json:"endorsement"`
}

// SignRequest asks for the blind signature of a message that is on record.
// POST /v1/sign
type SignRequest struct {
	Election Hex `json:"election"`
	Entry    Hex `json:"entry"`
	// Transaction is the hash of the issuance on the ledger.
	Transaction Hex `json:"transaction"`
	Blinded     Hex `json:"blinded"`
}

// SignAnswer is the blind signature.
type SignAnswer struct {
	Signature Hex `json:"signature"`
}

// GatewayInfo says whose gateway it is. GET /v1/info
type GatewayInfo struct {
	Name        string `json:"name"`
	ChainID     string `json:"chain_id"`
	Rehearsal   bool   `json:"rehearsal"`
	OperatorKey Hex    `json:"operator_key"`
	// Elections for which the gateway holds keys.
	Elections []Hex `json:"elections"`
	// Disputes: how many persons say that a token was endorsed for them which they
	// did not ask for.
	Disputes []Disputes `json:"disputes,omitempty"`
}

// GatewayError is every answer of a gateway that is not the thing asked for: a
// problem document (RFC 9457), with members for programs and for people. The
// names are in docs/spec/gateway.md and in each gateway's /openapi.json.
type GatewayError struct {
	// Type is a reference to what is said of this kind of problem.
	Type   string `json:"type,omitempty"`
	Status int    `json:"status,omitempty"`
	// Title, Detail and Next are for the person, in the language asked for: what
	// it is, what happened, what to do.
	Title  string `json:"title,omitempty"`
	Detail string `json:"detail,omitempty"`
	Next   string `json:"next,omitempty"`
	// Name, Field and Reason are for programs and those who write them.
	Name   string `json:"name"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	// RetryAfterS: seconds after which asking again may help.
	RetryAfterS int64 `json:"retry_after_s,omitempty"`
}

// ProblemText is what is said of a kind of problem. GET /v1/problems/{name}
type ProblemText struct {
	Name   string `json:"name"`
	Status int    `json:"status"`
	// By language: "ru" and "en".
	Title  map[string]string `json:"title"`
	Detail map[string]string `json:"detail"`
	Next   map[string]string `json:"next"`
}
