// Package texts words what a gateway tells people: every refusal in Russian and
// English, each with what to do next.
//
// A kind of refusal is declared once, with name, status and both languages, so
// that there is no name without a text. Names are of the specification
// (docs/spec, section "Gateways"); texts are for people and may change.
//
// The package must never know who is told.
package texts
