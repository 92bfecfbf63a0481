// Package esia simulates the Russian state portal (ЕСИА) for tests: both editions
// of its authorization and token endpoints with signed requests, a log-in page,
// single sign-on, ID tokens, and the person's data over REST. It refuses, with the
// portal's error numbers, whatever the published description says is refused:
// a signature by another key or over other fields, a time that is off, a state used
// before, an address or scope that is not registered, a code used twice.
//
// Specification: docs/spec/gateway.md, section "Log-in"; what of the portal is known
// and from where: doc.go of offchain/gateway/login/esia. The checks here are written
// from that description and share no code with the client that they check.
//
// The log-in page has the form of testnet/portal: request, login, password.
package esia
