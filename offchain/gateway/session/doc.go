// Package session keeps log-ins at a state portal and the sessions that come of
// them, in the gateway's database: any replica goes on where another stopped.
//
// Specification: docs/spec/gateway.md, section "Log-in".
//
// # From attempt to session
//
//	Begin     device    purpose, election, request, challenge, return  → id
//	Go        browser   id                → a cookie, and on to the portal
//	Callback  browser   cookie and answer → back to the return address with a grant
//	Redeem    device    grant and verifier → bearer
//	Find      gateway   bearer            → what the session is good for
//
// Each arrow may be taken at another replica. An attempt waits AttemptTime and
// takes one answer of the portal; the state is used up before the portal is
// asked. A session lasts SessionTime.
//
// Three parties must be one for a session to be made: the browser that went to
// the portal (the cookie), the page to which the browser came back (the grant,
// which only a known origin or the person's own device receives), and the device
// that began (the verifier). The grant says whose it is and what for, so that a
// device hands it to no other gateway that led the browser here. So who begins a log-in and has another person finish
// it gets no session, and who steals an address of a browser's history neither.
//
// # At rest
//
// Ids, cookies, states, grants and bearers are stored as hashes. What the portal
// must get back (nonce, PKCE verifier) and what it said of a person is sealed.
// Rows go when their time is over (Sweep), and no time but that is written.
//
// The package must never know a code, a blinded message or a ballot.
package session
