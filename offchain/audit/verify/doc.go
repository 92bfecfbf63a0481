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
// One goroutine reads, all cores decode blocks ahead of their turn, one goroutine
// keeps the state in the order of the chain, and statements of pure cryptography
// are gathered over blocks and verified in batches on all cores beside it. What
// is ahead or gathered is bounded in bytes.
//
// What there is one of for each voter (spent keys, tokens, entries, the lists of
// ballot keys) is in tables on disk (offchain/audit/table), so memory does not
// grow with the ballots. What stays in memory grows with the election: a bit for
// each entry, a sum for each group and contest, the findings, at most 200. The
// findings kept are those that come first in the record, whichever core is fast.
//
// # Going on
//
// An Audit verifies one stretch of blocks after the other, so a chain can be
// followed while it grows. Between two blocks, with everything stated so far
// verified, it can be written as a checkpoint: its state, and length and hash of
// each table. A checkpoint is bound to the genesis and to the program that wrote
// it; one that does not fit or is damaged is not used.
//
// The package must never import a keeper, the application or a node: a verifier
// does not share the code it verifies.
package verify
