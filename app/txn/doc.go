// Package txn opens transactions and verifies what cryptography must say of
// them. Opening: size, canonical envelope, chain, version, kind, signer, body.
// Verification: the pure checks of many transactions together, on all cores,
// with a memory of what was accepted. See docs/spec/transactions.md.
//
// It is the one place below the application that starts goroutines and draws
// randomness (weights of batches): the answer is the same in any order, and
// depends on the weights with probability 2^-128.
//
// The package must never know what a message means, nor the state.
package txn
