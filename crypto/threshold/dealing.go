package threshold

import (
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
)

// Dealing is the secret side of one deal: the polynomials. The same seed,
// parameters and dealer give the same dealing.
type Dealing struct {
	params      Params
	dealer      int
	polynomials [][]group.Scalar // slot, coefficient
	commitments []byte
	proofs      []byte
}

// NewDealing makes the polynomials, commitments and proofs of a trustee.
func NewDealing(p Params, dealer int, seed *Seed) (*Dealing, error) {
	if err := p.checkTrustee("dealer", dealer); err != nil {
		return nil, fmt.Errorf("make deal: %w", err)
	}
	return newDealing(p, dealer, seed)
}

func newDealing(p Params, dealer int, seed *Seed) (*Dealing, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("make deal: %w", err)
	}
	d := &Dealing{params: p, dealer: dealer, polynomials: make([][]group.Scalar, p.Slots)}
	coefficients := seed.scalars(polynomialLabel, p, dealer)
	for i := range d.polynomials {
		d.polynomials[i] = make([]group.Scalar, p.T)
		for k := range d.polynomials[i] {
			d.polynomials[i][k] = coefficients.next()
			a := group.BaseMul(d.polynomials[i][k]).Encode()
			d.commitments = append(d.commitments, a[:]...)
		}
	}
	hash := commitmentsHash(p, dealer, d.commitments)
	nonces := seed.scalars(nonceLabel, p, dealer, hash[:])
	for i := range d.polynomials {
		secret := d.polynomials[i][0]
		d.proofs = append(d.proofs, provePossession(p, dealer, i+1, hash, secret, nonces.next())...)
	}
	return d, nil
}

// Commitments are the public commitments, as in the deal.
func (d *Dealing) Commitments() []byte {
	return append([]byte(nil), d.commitments...)
}

// Proofs are the proofs of possession, as in the deal.
func (d *Dealing) Proofs() []byte {
	return append([]byte(nil), d.proofs...)
}

// Deal seals the shares to the trustees, whose keys come in index order. Boxes
// are random: store the deal before committing to it.
func (d *Dealing) Deal(receivers []*sealbox.PublicKey) (*Deal, error) {
	if len(receivers) != d.params.N {
		return nil, fmt.Errorf("seal shares to %d of %d trustees: %w", len(receivers), d.params.N, ErrIndex)
	}
	deal := &Deal{Commitments: d.Commitments(), Proofs: d.Proofs()}
	for j := range receivers {
		box, err := receivers[j].Seal(d.info(j+1), d.shares(j+1).reveal())
		if err != nil {
			return nil, fmt.Errorf("seal shares to trustee %d: %w", j+1, err)
		}
		deal.Sealed = append(deal.Sealed, box)
	}
	return deal, nil
}

// Reseal answers a first complaint: the same shares, sealed to the fresh key.
func (d *Dealing) Reseal(receiver int, fresh *sealbox.PublicKey) ([]byte, error) {
	if err := d.params.checkTrustee("receiver", receiver); err != nil {
		return nil, fmt.Errorf("seal shares again: %w", err)
	}
	info := sealInfo(d.params, true, d.dealer, receiver, commitmentsHash(d.params, d.dealer, d.commitments))
	box, err := fresh.Seal(info, d.shares(receiver).reveal())
	if err != nil {
		return nil, fmt.Errorf("seal shares to trustee %d again: %w", receiver, err)
	}
	return box, nil
}

// Publish answers a second complaint: the receiver's shares in the clear.
func (d *Dealing) Publish(receiver int) ([]byte, error) {
	if err := d.params.checkTrustee("receiver", receiver); err != nil {
		return nil, fmt.Errorf("publish shares: %w", err)
	}
	return d.shares(receiver).reveal(), nil
}

// Format prints a redaction.
func (Dealing) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[secret polynomials]")
}

func (d *Dealing) info(receiver int) []byte {
	return sealInfo(d.params, false, d.dealer, receiver, commitmentsHash(d.params, d.dealer, d.commitments))
}

// shares evaluates every polynomial at the receiver's index.
func (d *Dealing) shares(receiver int) *Shares {
	x := group.ScalarFromUint64(uint64(receiver))
	s := &Shares{dealer: d.dealer, receiver: receiver, values: make([]group.Scalar, d.params.Slots)}
	for i, polynomial := range d.polynomials {
		sum := polynomial[len(polynomial)-1]
		for k := len(polynomial) - 2; k >= 0; k-- {
			sum = sum.Mul(x).Add(polynomial[k])
		}
		s.values[i] = sum
	}
	return s
}

func commitmentsHash(p Params, dealer int, commitments []byte) [32]byte {
	t := p.transcript(commitmentsLabel)
	t.AppendUint64(uint64(dealer))
	t.Append(commitments)
	return t.Hash32()
}
