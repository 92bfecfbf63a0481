// Package confirmation draws the confirmation of an application as PDF: one A4
// page as a rule, in Russian or English, with the Go fonts, which have Cyrillic.
//
// Specification: docs/spec/gateway.md, section "Applications".
//
// The same document gives the same bytes: there is no clock in it, and what it
// says of time stands in the document.
//
// The package must never know a register, a key or where the data come from.
package confirmation
