// Package login is how a gateway learns from a state portal who stands before
// it: an attempt is sent to the portal with the browser, the browser comes back
// with an answer, and the answer becomes an account or a refusal. Subpackage oidc
// speaks OpenID Connect; subpackage esia the exchange of the Russian portal,
// which is near to it and not it.
//
// Specification: docs/spec/gateway.md, section "Log-in".
//
// An attempt is good for one answer: whoever keeps attempts takes one out before
// it asks Finish. What came back from the portal is believed only after Finish,
// and never because another gateway says so.
//
// The package must never know a ballot, a token or a code, and keeps nothing of
// a person beyond the call that asked.
package login
