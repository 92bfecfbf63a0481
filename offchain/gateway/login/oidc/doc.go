// Package oidc logs in at a portal that speaks OpenID Connect: authorization code
// flow with PKCE (RFC 7636), state, nonce and, where the portal says that it sends
// it, the issuer of the answer (RFC 9207). What the portal offers is read from its
// discovery document and read again as it ages; its keys are fetched when a token
// names one that is not known.
//
// Specification: docs/spec/gateway.md, section "Log-in".
//
// # What an answer must pass, in this order
//
// state, the portal's own refusal, issuer of the answer, code, exchange with the
// client's secret and the PKCE verifier, then the ID token: signature by a key of
// the portal, issuer, audience (this client alone, or this client as authorized
// party), nonce, times with a minute of skew, access token hash, subject; and if
// the person's data are asked for, that they are of the same subject.
//
// A refusal names the check that failed and never what was sent: these texts end
// up in logs.
//
// The package must never know what the account is asked for.
package oidc
