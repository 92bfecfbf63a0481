package threshold

import (
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/sealbox"
)

// NonceSize is the length of the nonce by which a registered HPKE key is tested.
const NonceSize = 32

// NonceHash is what the ledger knows of a nonce until it is opened.
func NonceHash(nonce [NonceSize]byte) [32]byte {
	return sha256.Sum256(nonce[:])
}

// SealNonce seals a nonce to the registered key of another trustee.
func SealNonce(p Params, sender, receiver int, key *sealbox.PublicKey, nonce [NonceSize]byte) ([]byte, error) {
	box, err := key.Seal(p.fields(testLabel, number(uint64(sender)), number(uint64(receiver))), nonce[:])
	if err != nil {
		return nil, fmt.Errorf("seal test nonce to trustee %d: %w", receiver, err)
	}
	return box, nil
}

// OpenNonce opens a nonce that was sealed to the receiver and compares it with its
// hash on the ledger.
func OpenNonce(p Params, sender, receiver int, key *sealbox.PrivateKey, box []byte, hash [32]byte) ([NonceSize]byte, error) {
	plain, err := key.Open(p.fields(testLabel, number(uint64(sender)), number(uint64(receiver))), box)
	if err != nil {
		return [NonceSize]byte{}, fmt.Errorf("open test nonce of trustee %d: %w", sender, ErrOpen)
	}
	if len(plain) != NonceSize {
		return [NonceSize]byte{}, fmt.Errorf("open test nonce of trustee %d: %d bytes: %w", sender, len(plain), ErrLength)
	}
	nonce := [NonceSize]byte(plain)
	if NonceHash(nonce) != hash {
		return [NonceSize]byte{}, fmt.Errorf("open test nonce of trustee %d: another hash is on the ledger: %w", sender, ErrOpen)
	}
	return nonce, nil
}
