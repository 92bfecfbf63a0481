package sign

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// The ledger's rule, spelled out rather than taken from the library's default
// so that a new default there changes nothing here.
var (
	ledgerRule = &ed25519.Options{Verify: &ed25519.VerifyOptions{AllowSmallOrderR: true}}
	zip215Rule = &ed25519.Options{Verify: ed25519.VerifyOptionsZIP_215}
)

// Item is one signature to check.
type Item struct {
	Public    [PublicKeySize]byte
	Message   []byte
	Signature [SignatureSize]byte
}

// Verify checks the signature: an item is a fact for the batch of pure checks.
func (i Item) Verify() error { return Verify(i) }

// Verify checks one signature. Refusals: ErrKey, ErrSignature.
func Verify(item Item) error {
	if ed25519.VerifyWithOptions(item.Public[:], item.Message, item.Signature[:], ledgerRule) {
		return nil
	}
	if err := CheckPublicKey(item.Public); err != nil {
		return err
	}
	return fmt.Errorf("verify signature of key %x: %w", item.Public[:4], ErrSignature)
}

// VerifyBatch checks many signatures at a third of the price each and returns
// the indices of those that Verify refuses, in order; nil means all are good.
// The verdict does not depend on rand, except with probability 2^-128: weights
// come from rand together with a hash of the whole batch. If rand fails, each
// signature is checked by itself.
func VerifyBatch(rand io.Reader, items []Item) (bad []int) {
	if bad, done := verifyWide(rand, items); done {
		return bad
	}
	if allHold(rand, items, ledgerRule) {
		return nil
	}
	for i := range items {
		if Verify(items[i]) != nil {
			bad = append(bad, i)
		}
	}
	return bad
}

// VerifyZIP215Batch is VerifyBatch by the consensus engine's rule.
func VerifyZIP215Batch(rand io.Reader, items []Item) (bad []int) {
	if allHold(rand, items, zip215Rule) {
		return nil
	}
	for i := range items {
		if !VerifyZIP215(items[i].Public[:], items[i].Message, items[i].Signature[:]) {
			bad = append(bad, i)
		}
	}
	return bad
}

// allHold reports that all signatures are good; false says nothing.
func allHold(rand io.Reader, items []Item, rule *ed25519.Options) bool {
	if len(items) < 2 {
		return false
	}
	seed, err := batchSeed(rand, items)
	if err != nil {
		return false
	}
	batch := ed25519.NewBatchVerifierWithCapacity(len(items))
	for i := range items {
		batch.AddWithOptions(items[i].Public[:], items[i].Message, items[i].Signature[:], rule)
	}
	return batch.VerifyBatchOnly(bytes.NewReader(seed[:]))
}

// VerifyZIP215 checks a signature by the consensus engine's rule. Only commit
// signatures of validators are judged by it.
func VerifyZIP215(public, message, signature []byte) bool {
	if len(public) != PublicKeySize || len(signature) != SignatureSize {
		return false
	}
	return ed25519.VerifyWithOptions(public, message, signature, zip215Rule)
}

// batchSeed hedges the weights: were rand predictable, they would still depend
// on every byte of the batch.
func batchSeed(rand io.Reader, items []Item) ([sha512.Size]byte, error) {
	var fresh [32]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return [sha512.Size]byte{}, fmt.Errorf("read randomness for a batch: %w", err)
	}
	h := sha512.New()
	_, _ = h.Write(fresh[:])
	for i := range items {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(items[i].Message)))
		_, _ = h.Write(items[i].Public[:])
		_, _ = h.Write(items[i].Signature[:])
		_, _ = h.Write(n[:])
		_, _ = h.Write(items[i].Message)
	}
	return [sha512.Size]byte(h.Sum(nil)), nil
}
