package blindtoken

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/urna-vote/urna/crypto/transcript"
)

var (
	messageLabel   = transcript.Register("token")
	ballotKeyLabel = transcript.Register("token/ballot-key")
	blindingLabel  = transcript.Register("token/blinding")
	keyProofLabel  = transcript.Register("token/key-proof")
)

// The classes of refusal of this package.
var (
	// ErrEncoding: wrong length, or a number that is not below the modulus.
	ErrEncoding = errors.New("not a canonical encoding")
	// ErrKey: the modulus or exponent is not one of the allowed kind.
	ErrKey = errors.New("issuer key is not acceptable")
	// ErrKeyProof: a root does not prove the key in this context.
	ErrKeyProof = errors.New("key proof does not hold")
	// ErrSignature: the signature does not hold for this message and key.
	ErrSignature = errors.New("signature does not verify")
	// ErrPanel: the number of signatures is not the number of panel members.
	ErrPanel = errors.New("a token needs one signature of each panel member")
	// ErrBlinding: message and modulus are not coprime; the key must not be used.
	ErrBlinding = errors.New("message cannot be blinded under this modulus")
)

// Scope says where a token is good: one class and panel of one election.
type Scope struct {
	ChainID  string
	Election [32]byte
	Class    uint32
	Panel    uint32
}

// Message is what the members of the panel sign for a ballot key.
func (s Scope) Message(ballotKey [32]byte) []byte {
	return transcript.JoinFields(
		[]byte(messageLabel.String()),
		[]byte(s.ChainID),
		s.Election[:],
		number(uint64(s.Class)),
		number(uint64(s.Panel)),
		ballotKey[:],
	)
}

// BlindedHash is how the ledger names a blinded message.
func BlindedHash(blinded []byte) [32]byte {
	return sha256.Sum256(blinded)
}

func number(v uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, v)
}
