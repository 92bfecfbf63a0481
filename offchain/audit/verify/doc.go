// Package verify checks a public record from its first block to its last: a
// second implementation of the ledger's rules, written against the
// specification and sharing with the ledger only message formats, pure
// helpers of the modules' types and cryptography.
//
// Specification: docs/spec, all of it.
//
// # What is checked
//
// The genesis and its chain id; every header, its chain to the one before, its
// time, validators, data, results and evidence; every commit's signatures; of
// every block the order and the encoding of transactions, and that no two claim
// the same; every transaction against the rules in the state before its block;
// every signature, key proof, token, ballot proof, decryption share and
// result; and at the end that each object of each election's summary, computed
// here, is the one that a commit of the validators proves, with the ballot log
// and the number of elections.
//
// # Failing closed
//
// A record that is damaged, ends early or holds nothing to check is a failure.
// After the first broken rule verification goes on, to name as much as it can,
// but the verdict is settled. A transaction that breaks a rule is not applied.
//
// # Work
//
// One goroutine reads and decodes ahead, one keeps the state, and statements of
// pure cryptography are verified in batches on all cores beside them. Memory
// grows with entries and ballot keys, not with blocks.
//
// The package must never import a keeper, the application or a node: a verifier
// does not share the code it verifies.
package verify
