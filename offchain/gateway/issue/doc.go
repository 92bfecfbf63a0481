// Package issue is the gateway's part in a token: it endorses one record for an
// entry, and signs blindly what is on the ledger.
//
// Specification: docs/spec, section "Issuance"; one page: docs/ISSUANCE-CYCLE.md.
//
// Endorse, in this order: the claim is screened, the ledger asked whether the
// entry may have a token, then in one durable transaction the code is judged and
// the record bound to the entry, and only then the endorsement is made. A crash
// anywhere, and the same request again gives the same answer; another record for
// the entry is refused by every replica, for ever.
//
// Sign asks for no code: it answers to whoever shows a blinded message whose
// hash a record names that is in the ballot log under a header signed by the
// chain's validators. Key and message alone determine the answer.
//
// The package must never know a name, an address, a ballot key or a ballot, and
// writes no log.
package issue
