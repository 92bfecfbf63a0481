// Package issuance is the record of tokens: which issuers sign for a token
// class, which panel of them is open, and for which entries of the roll a token
// was endorsed, before it is signed blindly. See docs/spec/tokens.md.
//
// Everything here is a pure function of its arguments and serves gateways,
// devices and verifiers as well; the state is in the keeper.
//
// It must never know who stands behind an entry, nor a ballot.
package issuance
