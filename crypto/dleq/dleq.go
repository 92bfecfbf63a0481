package dleq

import (
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// Purposes of a statement. A proof of one is never a proof of another.
var (
	// Share: a decryption share of an encrypted sum.
	Share = transcript.Register("dleq/share")
	// Drill: a share of the drill ciphertext before issuing.
	Drill = transcript.Register("dleq/drill")

	weightLabel    = transcript.Register("dleq/weight")
	challengeLabel = transcript.Register("dleq/challenge")
	nonceLabel     = transcript.Register("dleq/nonce")
)

// ProofSize is the length of an encoded proof in bytes.
const ProofSize = 3 * group.Size

// Classes of refusal. Decoding adds those of package group.
var (
	// ErrStatement: the statement is empty, uneven or has the identity as a key.
	ErrStatement = errors.New("statement is malformed")
	// ErrLength: an encoded proof is not ProofSize bytes.
	ErrLength = errors.New("proof is not 96 bytes long")
	// ErrProof: an equation does not hold.
	ErrProof = errors.New("proof does not hold")
)

// Statement says: the discrete logarithm of Keys[i] to the basepoint is that
// of Shares[i] to R. R and Shares may be the identity (a sum can be), Keys not.
type Statement struct {
	Purpose  *transcript.Label
	ChainID  string
	Election [32]byte
	Context  []byte // injective encoding of all else that must be bound
	R        group.Point
	Keys     []group.Point // X
	Shares   []group.Point // D
}

// Proof is what Prove returns. Its parts are public.
type Proof struct {
	t1, t2 group.Point
	s      group.Scalar
}

// Prove makes the proof for the secrets x_1..x_n, in constant time. The nonce
// comes from rand hashed with statement and secrets, so neither a weak rand
// nor a repeated one reveals a secret. A statement that is false for the
// secrets is refused.
func Prove(rand io.Reader, st Statement, secrets []group.Scalar) (Proof, error) {
	if err := st.check(); err != nil {
		return Proof{}, fmt.Errorf("prove equality of logarithms: %w", err)
	}
	if len(secrets) != len(st.Keys) {
		return Proof{}, fmt.Errorf("prove equality of logarithms: %d secrets for %d keys: %w", len(secrets), len(st.Keys), ErrStatement)
	}
	h := st.digest()
	k, err := nonce(rand, st, h, secrets)
	if err != nil {
		return Proof{}, fmt.Errorf("prove equality of logarithms: %w", err)
	}
	p := Proof{t1: group.BaseMul(k).WithEncoding(), t2: st.R.Mul(k).WithEncoding()}
	var x group.Scalar
	for i, w := range st.weights(h) {
		x = x.Add(w.Mul(secrets[i]))
	}
	p.s = k.Add(st.challenge(h, p).Mul(x))
	if err := Verify(st, p); err != nil {
		return Proof{}, fmt.Errorf("prove equality of logarithms: the secrets do not fit the statement: %w", err)
	}
	return p, nil
}

// Verify checks a proof. Refusals: ErrStatement, ErrProof.
func Verify(st Statement, p Proof) error {
	if err := st.check(); err != nil {
		return fmt.Errorf("verify equality of logarithms: %w", err)
	}
	h := st.digest()
	c := st.challenge(h, p)
	minus := group.ScalarFromUint64(1).Neg()
	n := len(st.Keys)
	scalars := make([]group.Scalar, n, n+2)
	for i, w := range st.weights(h) {
		scalars[i] = c.Mul(w)
	}
	scalars = append(scalars, group.ScalarFromUint64(1), p.s.Mul(minus))
	points := make([]group.Point, n+2)
	copy(points, st.Keys)
	points[n], points[n+1] = p.t1, group.Basepoint()
	if !group.MultiScalarVartime(scalars, points).IsIdentity() {
		return fmt.Errorf("verify equality of logarithms: equation of the keys: %w", ErrProof)
	}
	copy(points, st.Shares)
	points[n], points[n+1] = p.t2, st.R
	if !group.MultiScalarVartime(scalars, points).IsIdentity() {
		return fmt.Errorf("verify equality of logarithms: equation of the shares: %w", ErrProof)
	}
	return nil
}

// Encode returns T1 ‖ T2 ‖ s.
func (p Proof) Encode() [ProofSize]byte {
	t1, t2, s := p.t1.Encode(), p.t2.Encode(), p.s.Encode()
	var out [ProofSize]byte
	copy(out[:], t1[:])
	copy(out[group.Size:], t2[:])
	copy(out[2*group.Size:], s[:])
	return out
}

// DecodeProof reads exactly what Encode writes. Refusals: ErrLength,
// group.ErrNotCanonical.
func DecodeProof(b []byte) (Proof, error) {
	if len(b) != ProofSize {
		return Proof{}, fmt.Errorf("decode equality proof of %d bytes: %w", len(b), ErrLength)
	}
	var p Proof
	var err error
	if p.t1, err = group.DecodePoint(b[:group.Size]); err != nil {
		return Proof{}, fmt.Errorf("decode equality proof: T1: %w", err)
	}
	if p.t2, err = group.DecodePoint(b[group.Size : 2*group.Size]); err != nil {
		return Proof{}, fmt.Errorf("decode equality proof: T2: %w", err)
	}
	if p.s, err = group.DecodeScalar(b[2*group.Size:]); err != nil {
		return Proof{}, fmt.Errorf("decode equality proof: s: %w", err)
	}
	return p, nil
}

func (st Statement) check() error {
	if st.Purpose == nil {
		return fmt.Errorf("no purpose: %w", ErrStatement)
	}
	if len(st.Keys) == 0 || len(st.Keys) != len(st.Shares) {
		return fmt.Errorf("%d keys and %d shares: %w", len(st.Keys), len(st.Shares), ErrStatement)
	}
	for i := range st.Keys {
		if st.Keys[i].IsIdentity() {
			return fmt.Errorf("key of slot %d is the identity: %w", i+1, ErrStatement)
		}
	}
	return nil
}

// digest is h: it binds everything but the proof.
func (st Statement) digest() [64]byte {
	t := transcript.New(st.Purpose, st.ChainID, st.Election)
	t.Append(st.Context)
	t.AppendPoint(group.Basepoint())
	t.AppendPoint(st.R)
	t.AppendPoints(st.Keys)
	t.AppendPoints(st.Shares)
	return t.Sum()
}

func (st Statement) weights(h [64]byte) []group.Scalar {
	out := make([]group.Scalar, len(st.Keys))
	for i := range out {
		t := transcript.New(weightLabel, st.ChainID, st.Election)
		t.Append(h[:])
		t.AppendUint64(uint64(i + 1))
		out[i] = t.Challenge()
	}
	return out
}

func (st Statement) challenge(h [64]byte, p Proof) group.Scalar {
	t := transcript.New(challengeLabel, st.ChainID, st.Election)
	t.Append(h[:])
	t.AppendPoint(p.t1)
	t.AppendPoint(p.t2)
	return t.Challenge()
}

func nonce(rand io.Reader, st Statement, h [64]byte, secrets []group.Scalar) (group.Scalar, error) {
	var fresh [64]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return group.Scalar{}, fmt.Errorf("read randomness for the nonce: %w", err)
	}
	t := transcript.New(nonceLabel, st.ChainID, st.Election)
	t.Append(fresh[:])
	t.Append(h[:])
	for _, x := range secrets {
		t.AppendScalar(x)
	}
	return t.Challenge(), nil
}
