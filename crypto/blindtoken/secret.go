package blindtoken

import (
	"crypto/sha3"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
)

// SecretSize is the length of a token secret in bytes.
const SecretSize = 32

// Secret is the token secret of one voter for one election. The device stores
// it before its first message leaves.
type Secret struct {
	b [SecretSize]byte
}

// NewSecret draws a secret.
func NewSecret(random io.Reader) (*Secret, error) {
	s := new(Secret)
	if _, err := io.ReadFull(random, s.b[:]); err != nil {
		return nil, fmt.Errorf("draw token secret: %w", err)
	}
	return s, nil
}

// SecretFromBytes restores a stored secret.
func SecretFromBytes(b []byte) (*Secret, error) {
	if len(b) != SecretSize {
		return nil, fmt.Errorf("restore token secret of %d bytes: %w", len(b), ErrEncoding)
	}
	return &Secret{b: [SecretSize]byte(b)}, nil
}

// Reveal is the secret itself, for the device's own store and nothing else.
func (s *Secret) Reveal() [SecretSize]byte {
	return s.b
}

// Format prints a redaction.
func (Secret) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[token secret]")
}

// BallotKey is the key that signs the ballots cast with the token. It depends
// on chain, election and class, not on the panel.
func (s *Secret) BallotKey(scope Scope) sign.PrivateKey {
	var seed [32]byte
	s.stream(ballotKeyLabel, []byte(scope.ChainID), scope.Election[:], number(uint64(scope.Class))).Read(seed[:])
	return sign.NewPrivateKey(seed)
}

func (s *Secret) blinding(message []byte, key *PublicKey) io.Reader {
	return s.stream(blindingLabel, message, key.Encode())
}

func (s *Secret) stream(label *transcript.Label, fields ...[]byte) *sha3.SHAKE {
	x := sha3.NewSHAKE256()
	x.Write(transcript.JoinFields([]byte(label.String()), s.b[:]))
	x.Write(transcript.JoinFields(fields...))
	return x
}
