package bitproof

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// Claim is a sealed ballot with its proof: what Verify judges.
type Claim struct {
	Statement  *Statement
	Ciphertext *elgamal.Ciphertext
	Proof      *Proof
}

// Verify checks one claim, each equation by itself and without randomness.
// Refusals: ErrShape, ErrLength, group.ErrIdentity, ErrRule, ErrBits,
// ErrRandomness, ErrLink.
func Verify(c Claim) error {
	d, err := digest(c, compile, newChallenger())
	if err != nil {
		return fmt.Errorf("verify ballot: %w", err)
	}
	if err := d.equations(); err != nil {
		return fmt.Errorf("verify ballot: %w", err)
	}
	return nil
}

// digested is a claim whose form and rules (4) are in order, with its
// challenges.
type digested struct {
	claim Claim
	plan  *plan
	x, y  group.Scalar
}

// digest does everything of a verification that needs no points but their
// encodings. How to compile is the caller's: a batch does it once per shape.
func digest(c Claim, compile func(*Shape) (*plan, error), challenges challenger) (digested, error) {
	if c.Statement == nil || c.Ciphertext == nil || c.Proof == nil {
		return digested{}, fmt.Errorf("claim is incomplete: %w", ErrLength)
	}
	st, ct, proof := c.Statement, c.Ciphertext, c.Proof
	p, err := compile(st.Shape)
	if err != nil {
		return digested{}, err
	}
	if err := st.fits(p); err != nil {
		return digested{}, err
	}
	if len(ct.C) != len(st.Keys) || len(proof.f) != p.shape.Bits {
		return digested{}, fmt.Errorf("%d ciphertexts and %d responses for %d forms and %d bits: %w", len(ct.C), len(proof.f), len(st.Keys), p.shape.Bits, ErrLength)
	}
	if err := refuseIdentity(st.Keys, ct); err != nil {
		return digested{}, err
	}
	d := digested{claim: c, plan: p}
	d.y = challenges.y(st, p, ct, &proof.v, &proof.a)
	d.x = challenges.x(st, d.y, &proof.f1, &proof.f2)
	for j, rule := range p.shape.Constraints {
		if !evaluate(rule.Terms, proof.f).Equal(d.x.Mul(group.ScalarFromUint64(uint64(rule.Target)))) {
			return digested{}, fmt.Errorf("constraint %d: %w", j+1, ErrRule)
		}
	}
	return d, nil
}

func refuseIdentity(keys []elgamal.Key, ct *elgamal.Ciphertext) error {
	if ct.R.IsIdentity() {
		return fmt.Errorf("R: %w", group.ErrIdentity)
	}
	for o := range ct.C {
		if ct.C[o].IsIdentity() {
			return fmt.Errorf("C_%d: %w", o+1, group.ErrIdentity)
		}
		if !keys[o].IsSet() {
			return fmt.Errorf("key of C_%d: %w", o+1, group.ErrIdentity)
		}
	}
	return nil
}

// equations checks (1), (2) and (3), naming the first that fails.
func (d *digested) equations() error {
	one, zero := group.ScalarFromUint64(1), group.Scalar{}
	for _, eq := range []struct {
		weights [3]group.Scalar
		fails   error
	}{
		{[3]group.Scalar{one, zero, zero}, ErrBits},
		{[3]group.Scalar{zero, one, zero}, ErrRandomness},
		{[3]group.Scalar{zero, zero, one}, ErrLink},
	} {
		sum := newCombination()
		sum.add(d, eq.weights)
		good := sum.vanishes()
		sum.release()
		if !good {
			return eq.fails
		}
	}
	return nil
}
