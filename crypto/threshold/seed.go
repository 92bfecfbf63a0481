package threshold

import (
	"crypto/sha3"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/transcript"
)

// SeedSize is the length of a seed in bytes.
const SeedSize = 32

// Seed is all a trustee needs to resume a ceremony. It is kept on the trustee's
// medium and destroyed after the election.
type Seed struct {
	b [SeedSize]byte
}

// NewSeed draws a seed.
func NewSeed(random io.Reader) (*Seed, error) {
	s := new(Seed)
	if _, err := io.ReadFull(random, s.b[:]); err != nil {
		return nil, fmt.Errorf("draw ceremony seed: %w", err)
	}
	return s, nil
}

// SeedFromBytes restores a stored seed.
func SeedFromBytes(b []byte) (*Seed, error) {
	if len(b) != SeedSize {
		return nil, fmt.Errorf("restore ceremony seed of %d bytes: %w", len(b), ErrLength)
	}
	return &Seed{b: [SeedSize]byte(b)}, nil
}

// Reveal is the seed itself, for the trustee's medium and nothing else.
func (s *Seed) Reveal() [SeedSize]byte {
	return s.b
}

// Format prints a redaction.
func (Seed) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[ceremony seed]")
}

// SealingKey is the HPKE key a trustee registers for an attempt.
func (s *Seed) SealingKey(chainID string, election [32]byte, zone, attempt uint32) (*sealbox.PrivateKey, error) {
	return s.sealingKey(chainID, election, zone, attempt, 0)
}

// FreshSealingKey is the HPKE key a trustee names in its first complaint against a
// dealer.
func (s *Seed) FreshSealingKey(p Params, dealer int) (*sealbox.PrivateKey, error) {
	if err := p.checkTrustee("dealer", dealer); err != nil {
		return nil, fmt.Errorf("derive fresh HPKE key: %w", err)
	}
	return s.sealingKey(p.ChainID, p.Election, p.Zone, p.Attempt, dealer)
}

func (s *Seed) sealingKey(chainID string, election [32]byte, zone, attempt uint32, dealer int) (*sealbox.PrivateKey, error) {
	return sealbox.DeriveKey(transcript.JoinFields(
		[]byte(hpkeLabel.String()), s.b[:], []byte(chainID), election[:],
		number(uint64(zone)), number(uint64(attempt)), number(uint64(dealer))))
}

// scalars is a stream of uniform scalars.
type scalars struct {
	x *sha3.SHAKE
}

func (s *Seed) scalars(label *transcript.Label, p Params, dealer int, more ...[]byte) scalars {
	fs := [][]byte{[]byte(label.String()), s.b[:], []byte(p.ChainID), p.Election[:]}
	fs = append(append(fs, p.place()...), number(uint64(dealer)))
	x := sha3.NewSHAKE256()
	x.Write(transcript.JoinFields(append(fs, more...)...))
	return scalars{x}
}

func (s scalars) next() group.Scalar {
	var b [64]byte
	s.x.Read(b[:])
	return group.ScalarFromUniform64(b)
}
