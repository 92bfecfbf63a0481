// Package metrics are a gateway's figures for Prometheus: how many requests of
// which route ended how and how long they took, and what the parts count.
//
// A label's name is one of a fixed set, and its values are words of the program
// (a route's pattern, a status, the name of a refusal, a channel), never anything
// of a person: no address, entry, session or number of a ticket.
//
// Specification: docs/spec/gateway.md, section "Metrics".
//
// The package must never know who asks.
package metrics
