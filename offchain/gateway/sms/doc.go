// Package sms hands messages to a provider's short message centre over SMPP 3.4:
// one bound transceiver, submit_sm with a window, delivery receipts,
// enquire_link, and a new connection with growing pauses when one is lost.
//
// Specification: docs/spec/gateway.md, section "Messages".
//
//	dial ─► bind_transceiver ─► bound ──► submit_sm ×window ─► submit_sm_resp ─► taken
//	  ▲         │ refused         │           │ throttled: half the rate, again
//	  └─ pause ◄┴──── lost ◄──────┘           └ refused / lost: an error for package notice
//
// A text of the GSM 7-bit alphabet goes as it is, every other as UCS-2; a long
// one in parts with a user data header. The centre is told when the message is no
// longer worth bringing (validity_period).
//
// When a connection is lost between submit_sm and its answer, nobody knows
// whether the centre took the message; it is sent again, and a person may get the
// same text twice.
//
// The wire format is the PDU library's. The session is this package's own: see
// docs/adr/0023-short-messages.md.
//
// The package must never log or put into an error a number or a text.
package sms
