package blindtoken

import (
	"fmt"
	"io"

	"github.com/cloudflare/circl/blindsign/blindrsa"
)

// Request is the device's side of one member's signature, between blinding and
// unblinding. It is made again from the secret whenever it is needed.
type Request struct {
	key     *PublicKey
	message []byte
	blinded []byte
	state   blindrsa.State
}

// Blind prepares the request to one member. The same secret, scope and key give
// the same blinded message for ever. It fails with ErrBlinding only for a modulus
// that a key proof would not have passed, or with negligible probability
// under one with two large primes.
func Blind(secret *Secret, scope Scope, key *PublicKey) (*Request, error) {
	message := scope.Message(secret.BallotKey(scope).Public())
	return blind(secret.blinding(message, key), message, key)
}

func blind(stream io.Reader, message []byte, key *PublicKey) (*Request, error) {
	prepared, err := key.client.Prepare(stream, message)
	if err != nil {
		return nil, fmt.Errorf("prepare token message: %w", err)
	}
	blinded, state, err := key.client.Blind(stream, prepared)
	if err != nil {
		return nil, fmt.Errorf("blind token message (%v): %w", err, ErrBlinding)
	}
	return &Request{key: key, message: prepared, blinded: blinded, state: state}, nil
}

// Blinded is what the member is asked to sign.
func (r *Request) Blinded() []byte {
	return append([]byte(nil), r.blinded...)
}

// Hash is what the record of the issuance names.
func (r *Request) Hash() [32]byte {
	return BlindedHash(r.blinded)
}

// Finalize unblinds the member's answer and verifies the signature it yields.
func (r *Request) Finalize(answer []byte) ([]byte, error) {
	if err := r.key.CheckAnswer(r.blinded, answer); err != nil {
		return nil, err
	}
	signature, err := r.key.client.Finalize(r.state, answer)
	if err != nil {
		return nil, fmt.Errorf("unblind signature (%v): %w", err, ErrSignature)
	}
	if err := r.key.Verify(r.message, signature); err != nil {
		return nil, fmt.Errorf("check unblinded signature: %w", err)
	}
	return signature, nil
}

// Format prints a redaction: the request holds the blinding factor.
func (Request) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[token request]")
}
