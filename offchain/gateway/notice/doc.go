// Package notice hands short messages to people: a one-time code, or the notice
// that a token was endorsed. It keeps a bounded queue for each channel (SMS,
// mail), tries again what a provider did not take, never after the message's
// last moment, and says truly what became of each.
//
// Specification: docs/spec/gateway.md, section "Messages".
//
//	         Offer                 Send                  receipt
//	caller ────────► queue of the ──────► provider ─ ─ ─ ─ ─ ─ ─► delivered
//	  ▲      ErrFull    channel    error:   refused ─► failed
//	  └───────────┘                temporary ─► again, until Until ─► failed
//
// The queue is in memory and of a fixed size: when it is full the caller is told
// at once, so that a person is never shown "sent" for a message nobody holds. A
// crash loses what waits; the person asks for another code.
//
// The package must never log or keep a recipient or a text beyond the moment of
// sending, and must never know a person, an entry, a token or a ballot.
package notice
