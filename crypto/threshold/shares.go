package threshold

import (
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
)

// Shares are what one dealer gave one receiver: a value per slot.
type Shares struct {
	dealer   int
	receiver int
	values   []group.Scalar
}

// Dealer is the index of who dealt the shares, 0 in dealer mode.
func (s *Shares) Dealer() int {
	return s.dealer
}

// Format prints a redaction.
func (Shares) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[secret shares]")
}

func (s *Shares) reveal() []byte {
	return encodeScalars(s.values)
}

// sealInfo is the place of a box.
func sealInfo(p Params, again bool, dealer, receiver int, commitments [32]byte) []byte {
	label := sharesLabel
	if again {
		label = resharesLabel
	}
	return p.fields(label, number(uint64(dealer)), number(uint64(receiver)), commitments[:])
}

// OpenShares opens the receiver's box of a deal and checks its shares. ErrOpen
// and ErrShares, and encodings of package group, are the reasons to complain.
func OpenShares(p Params, dealer, receiver int, d *Deal, key *sealbox.PrivateKey) (*Shares, error) {
	if len(d.Sealed) != p.N {
		return nil, fmt.Errorf("open shares: %d sealed messages for %d trustees: %w", len(d.Sealed), p.N, ErrLength)
	}
	if err := p.checkTrustee("receiver", receiver); err != nil {
		return nil, fmt.Errorf("open shares: %w", err)
	}
	return open(p, false, dealer, receiver, d.Commitments, d.Sealed[receiver-1], key)
}

// OpenResealed opens the answer to the receiver's first complaint with the fresh
// key and checks its shares.
func OpenResealed(p Params, dealer, receiver int, d *Deal, box []byte, fresh *sealbox.PrivateKey) (*Shares, error) {
	return open(p, true, dealer, receiver, d.Commitments, box, fresh)
}

func open(p Params, again bool, dealer, receiver int, commitments, box []byte, key *sealbox.PrivateKey) (*Shares, error) {
	c, err := DecodeCommitments(p, commitments)
	if err != nil {
		return nil, fmt.Errorf("open shares of dealer %d: %w", dealer, err)
	}
	info := sealInfo(p, again, dealer, receiver, commitmentsHash(p, dealer, commitments))
	plain, err := key.Open(info, box)
	if errors.Is(err, sealbox.ErrOpen) {
		return nil, fmt.Errorf("open shares of dealer %d: %w", dealer, ErrOpen)
	}
	if err != nil {
		return nil, fmt.Errorf("open shares of dealer %d: %w", dealer, err)
	}
	return verifyShares(p, dealer, receiver, c, plain)
}

// VerifyShares checks shares in the clear, as a dealer publishes them in answer to
// a second complaint, and returns them for the receiver. The verdict depends on
// the arguments alone.
func VerifyShares(p Params, dealer, receiver int, commitments, shares []byte) (*Shares, error) {
	if err := p.checkTrustee("dealer", dealer); err != nil {
		return nil, fmt.Errorf("check shares: %w", err)
	}
	c, err := DecodeCommitments(p, commitments)
	if err != nil {
		return nil, fmt.Errorf("check shares of dealer %d: %w", dealer, err)
	}
	return verifyShares(p, dealer, receiver, c, shares)
}

// DecodeShares reads 32·L bytes of scalars without knowing what they should be.
func DecodeShares(p Params, dealer, receiver int, b []byte) (*Shares, error) {
	values, err := decodeScalars(b, p.Slots)
	if err != nil {
		return nil, fmt.Errorf("decode shares of dealer %d: %w", dealer, err)
	}
	return &Shares{dealer: dealer, receiver: receiver, values: values}, nil
}

// verifyShares checks f_i(j)·B = Σ j^k·A_{i,k} for all slots as one weighted sum.
func verifyShares(p Params, dealer, receiver int, c *Commitments, b []byte) (*Shares, error) {
	if err := p.checkTrustee("receiver", receiver); err != nil {
		return nil, fmt.Errorf("check shares of dealer %d: %w", dealer, err)
	}
	s, err := DecodeShares(p, dealer, receiver, b)
	if err != nil {
		return nil, err
	}
	seed := p.transcript(shareCheckLabel)
	seed.AppendUint64(uint64(dealer))
	seed.AppendUint64(uint64(receiver))
	seed.Append(c.Encode())
	seed.Append(b)

	left := group.ScalarFromUint64(0)
	j := group.ScalarFromUint64(uint64(receiver))
	var ss []group.Scalar
	var ps []group.Point
	for i, value := range s.values {
		seed.AppendUint64(uint64(i + 1))
		weight := seed.Challenge()
		left = left.Add(weight.Mul(value))
		for _, a := range c.slots[i] {
			ss, ps = append(ss, weight), append(ps, a)
			weight = weight.Mul(j)
		}
	}
	if group.MultiScalarVartime(ss, ps).Equal(group.BaseMul(left)) {
		return s, nil
	}
	for i, value := range s.values {
		if !group.BaseMul(value).Equal(c.at(i, receiver)) {
			return nil, fmt.Errorf("check shares of dealer %d for trustee %d, slot %d: %w", dealer, receiver, i+1, ErrShares)
		}
	}
	return nil, fmt.Errorf("check shares of dealer %d for trustee %d: %w", dealer, receiver, ErrShares)
}

func encodeScalars(values []group.Scalar) []byte {
	b := make([]byte, 0, len(values)*group.Size)
	for i := range values {
		e := values[i].Encode()
		b = append(b, e[:]...)
	}
	return b
}

func decodeScalars(b []byte, n int) ([]group.Scalar, error) {
	if len(b) != n*group.Size {
		return nil, fmt.Errorf("%d bytes, need %d: %w", len(b), n*group.Size, ErrLength)
	}
	values := make([]group.Scalar, n)
	for i := range values {
		var err error
		if values[i], err = group.DecodeScalar(b[i*group.Size : (i+1)*group.Size]); err != nil {
			return nil, fmt.Errorf("slot %d: %w", i+1, err)
		}
	}
	return values, nil
}
