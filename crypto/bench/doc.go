// Package bench measures what the checks of a ballot cost together: decoding,
// the ballot proof, the token of a panel and the ballot key's signature, on one
// core, for ballots of several sizes in batches of several sizes. It holds no
// code but benchmarks.
//
//	go test ./crypto/bench -run '^$' -bench BallotAllChecks -cpu 1
//
// reports for each case ballots/s and bytes/ballot. Specification of what is
// checked: docs/spec, "Ballots" and "Tokens".
//
// The package must never know how transactions are framed: the bytes it
// reports are those of ciphertext, proof, token, key and signature.
package bench
