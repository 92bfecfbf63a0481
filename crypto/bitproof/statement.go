package bitproof

import (
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

var (
	labelY     = transcript.Register("bitproof/y")
	labelX     = transcript.Register("bitproof/x")
	labelNonce = transcript.Register("bitproof/nonce")
	labelBatch = transcript.Register("bitproof/batch")
)

// Classes of refusal of a claim. Decoding adds those of package group.
var (
	// ErrLength: a proof, ciphertext or key list has not the shape's length.
	ErrLength = errors.New("length does not fit the shape")
	// ErrRule: equation (4) fails: the bits break a rule of a contest.
	ErrRule = errors.New("a rule of the contest is not kept")
	// ErrBits: equation (1) fails: what is committed to are no bits, or the
	// proof is for another statement.
	ErrBits = errors.New("committed values are not shown to be bits")
	// ErrRandomness: equation (2) fails: R does not fit the proof.
	ErrRandomness = errors.New("R does not fit the proof")
	// ErrLink: equation (3) fails: a ciphertext does not encrypt its form of the bits.
	ErrLink = errors.New("ciphertexts do not encrypt the committed bits")
)

// Statement is everything a proof is bound to besides the ciphertext.
type Statement struct {
	ChainID  string
	Election [32]byte
	// Context encodes without ambiguity (transcript.JoinFields) zone, style,
	// hash of the whole key vector with its mode, ballot key, sequence number.
	Context []byte
	Shape   *Shape
	// Keys: one per form, in ascending order of slot.
	Keys []elgamal.Key
}

func (st *Statement) compile() (*plan, error) {
	p, err := compile(st.Shape)
	if err != nil {
		return nil, err
	}
	return p, st.fits(p)
}

func (st *Statement) fits(p *plan) error {
	if len(st.Keys) != len(p.shape.Forms) {
		return fmt.Errorf("%d keys for %d forms: %w", len(st.Keys), len(p.shape.Forms), ErrLength)
	}
	return nil
}

// challenger computes challenges, one after another in the same memory.
type challenger struct {
	t *transcript.Transcript
}

func newChallenger() challenger { return challenger{transcript.New(labelY, "", [32]byte{})} }

func (c challenger) y(st *Statement, p *plan, ct *elgamal.Ciphertext, v, a *group.Point) group.Scalar {
	c.t.Restart(labelY, st.ChainID, st.Election)
	c.t.Append(st.Context)
	c.t.Append(p.encoded)
	c.t.AppendPoint(ct.R)
	c.t.AppendPoints(ct.C)
	c.t.AppendPoint(*v)
	c.t.AppendPoint(*a)
	return c.t.Challenge()
}

func (c challenger) x(st *Statement, y group.Scalar, f1, f2 *group.Point) group.Scalar {
	c.t.Restart(labelX, st.ChainID, st.Election)
	c.t.AppendScalar(y)
	c.t.AppendPoint(*f1)
	c.t.AppendPoint(*f2)
	return c.t.Challenge()
}

// powers returns y, y², …, y^n.
func powers(y group.Scalar, n int) []group.Factor {
	return appendPowers(make([]group.Factor, 0, n), y, n)
}

func appendPowers(out []group.Factor, y group.Scalar, n int) []group.Factor {
	first := y.Factor()
	power := first
	for range n {
		out = append(out, power)
		power = power.Times(first)
	}
	return out
}

// evaluate returns Σ weight·values[bit].
func evaluate(terms []Term, values []group.Scalar) group.Scalar {
	var sum group.Scalar
	for _, t := range terms {
		if t.Weight == 1 {
			sum = sum.Add(values[t.Bit])
		} else {
			sum = sum.Add(group.ScalarFromUint64(uint64(t.Weight)).Mul(values[t.Bit]))
		}
	}
	return sum
}

// linkOf returns Σ_o y^o·form_o(values), y^o given by powers.
func linkOf(p *plan, powers []group.Factor, values []group.Scalar) group.Scalar {
	var sum group.Scalar
	for o, f := range p.shape.Forms {
		sum = sum.Add(powers[o].Mul(evaluate(f, values)))
	}
	return sum
}
