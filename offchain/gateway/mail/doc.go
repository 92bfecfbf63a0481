// Package mail hands messages to a provider over SMTP: the second channel, when
// SMS fails.
//
// Specification: docs/spec/gateway.md, section "Messages".
//
// A mail is one plain text to one person. TLS is demanded by default; "offered"
// takes STARTTLS where the server has it, and never sends a password without.
//
// A code 4xx and a lost connection are tried again by package notice, so a mail
// may come twice; a code 5xx is final.
//
// The package must never log or put into an error an address or a text: what a
// server answers may repeat them, so of its answer only the code is kept.
package mail
