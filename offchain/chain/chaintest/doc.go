// Package chaintest is a chain's validators for tests of what reads signed heads:
// they sign any state that a test wants, as the engine does.
//
// Nothing but tests imports it.
package chaintest
