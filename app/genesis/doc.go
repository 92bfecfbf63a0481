// Package genesis reads and writes what the application is told in a chain's
// genesis: whether it is a rehearsal, the first rule version, the commission.
// See docs/spec/chain.md.
//
// It is the member "app_state" of the genesis document, JSON with exactly these
// members, each once:
//
//	{"rehearsal": bool,
//	 "rules": 1,
//	 "commission": {"quorum": 3, "members": [{"name": "…", "role": "…", "key": "64 hex digits"}, …]}}
//
// The chain id binds all of it: see x/chainid.
//
// The package must never know the engine's part of the document.
package genesis
