// Package portal is the state portal of a test network: an OpenID Connect provider
// with real pages, in Russian and English, and real redirects. Accounts and clients
// come from lists; everything else is in memory and gone when it stops.
//
// Specification: docs/spec/gateway.md, section "Log-in".
//
// A person logs in once; the next client that asks is answered without a page
// (single sign-on), and nobody is asked for consent. Of a person's data a client
// learns what it is registered for: an issuer the subject, the registrar also name,
// birth date, document, address and contacts. Every client must use PKCE with S256,
// every answer names its issuer (RFC 9207), a code is good for one exchange within
// a minute, whether that exchange succeeds or not.
//
// # For programs that walk the pages
//
// GET <issuer>/login?request=<id> (where /authorize redirects to) shows a form that
// is sent with POST to <issuer>/login as application/x-www-form-urlencoded:
//
//	request   hidden, the id from the address
//	login     what the person calls the account
//	password  as typed
//	action    "login", or "cancel": back to the client with error=access_denied
//
// The answer is 303 towards the client, or the form again with 401 (wrong password)
// or 429 (too many wrong ones; Retry-After says when). A browser that is logged in,
// by the cookie urna_portal, gets 303 already from the GET.
//
// It is a tool of development: passwords stand in its list as they are.
package portal
