// Package receipt is the voter's proof that a ballot or an issuance stands in
// the ballot log: one text file, checked offline with nothing but the chain's
// genesis.
//
// Specification: docs/spec, section "What a voter can check".
//
// # File
//
//	file = "urna receipt 1" LF
//	       "chain " chain id LF
//	       "transaction " hex64 LF         SHA-256 of the transaction
//	       "log-index " decimal LF         its place in the ballot log
//	       "path " list LF                 inclusion path, from the leaf up
//	       "log-size " decimal LF          leaves of the application hash
//	       "log-root " hex64 LF
//	       "state " hex64 LF
//	       "elections " hex64 LF
//	       "rules " decimal LF
//	       "time " decimal LF              block time, Unix milliseconds
//	       "height " decimal LF            of that state
//	       "header " base64 LF             of height + 1 (tendermint.types.Header)
//	       "commit " base64 LF             for that header (tendermint.types.Commit)
//	list = "-" / base64                    hashes of 32 bytes, one after the other
//
// Base 64 is standard with padding. A file has one spelling; every other is
// refused. With four validators and a million ballots it is shorter than 4 KB.
//
// The package must never know whose ballot it is or what is in it.
package receipt
