// Package envelope makes and reads the envelope of a transaction: version,
// chain, kind, body, signer and signature. See docs/spec/transactions.md,
// "Envelope".
//
// A transaction is the canonical protobuf encoding of urna.tx.v1.Tx; every
// other spelling is refused. The hash of a transaction is SHA-256 of its bytes.
// The signer signs the 64 bytes of the transcript
//
//	urna/v1/tx: chain id, no election (32 zero bytes),
//	            version (u64), kind (u64), body, signer
//
// The package must never know a kind's message, nor any state.
package envelope
