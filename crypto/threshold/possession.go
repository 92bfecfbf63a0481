package threshold

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// possession is one Schnorr proof: T ‖ s, 64 bytes.
type possession struct {
	commitment group.Point
	response   group.Scalar
}

const possessionSize = 2 * group.Size

func provePossession(p Params, dealer, slot int, commitments [32]byte, secret, nonce group.Scalar) []byte {
	key, commitment := group.BaseMul(secret), group.BaseMul(nonce).WithEncoding()
	e := possessionChallenge(p, dealer, slot, commitments, key, commitment)
	t, s := commitment.Encode(), nonce.Add(e.Mul(secret)).Encode()
	return append(t[:], s[:]...)
}

func possessionChallenge(p Params, dealer, slot int, commitments [32]byte, key, commitment group.Point) group.Scalar {
	t := p.transcript(possessionLabel)
	t.AppendUint64(uint64(dealer))
	t.AppendUint64(uint64(slot))
	t.Append(commitments[:])
	t.AppendPoint(key)
	t.AppendPoint(commitment)
	return t.Challenge()
}

func decodeProofs(p Params, b []byte) ([]possession, error) {
	if want := p.Slots * possessionSize; len(b) != want {
		return nil, fmt.Errorf("proofs of possession have %d bytes, need %d: %w", len(b), want, ErrLength)
	}
	proofs := make([]possession, p.Slots)
	for i := range proofs {
		part := b[i*possessionSize : (i+1)*possessionSize]
		var err error
		if proofs[i].commitment, err = group.DecodePoint(part[:group.Size]); err != nil {
			return nil, fmt.Errorf("proof of possession of slot %d: %w", i+1, err)
		}
		if proofs[i].response, err = group.DecodeScalar(part[group.Size:]); err != nil {
			return nil, fmt.Errorf("proof of possession of slot %d: %w", i+1, err)
		}
	}
	return proofs, nil
}

// verifyPossession checks all proofs of a deal as one sum, and one by one only to
// name the slot of a false one.
func verifyPossession(p Params, dealer int, c *Commitments, hash [32]byte, proofs []possession, deal [32]byte) error {
	responses := group.ScalarFromUint64(0)
	var ss []group.Scalar
	var ps []group.Point
	challenges := make([]group.Scalar, len(proofs))
	for i, proof := range proofs {
		key := c.slots[i][0]
		challenges[i] = possessionChallenge(p, dealer, i+1, hash, key, proof.commitment)
		w := transcript.New(weightLabel, p.ChainID, p.Election)
		w.Append(deal[:])
		w.AppendUint64(uint64(i + 1))
		weight := w.Challenge()
		responses = responses.Add(weight.Mul(proof.response))
		ss = append(ss, weight, weight.Mul(challenges[i]))
		ps = append(ps, proof.commitment, key)
	}
	if group.MultiScalarVartime(ss, ps).Equal(group.BaseMul(responses)) {
		return nil
	}
	for i, proof := range proofs {
		right := proof.commitment.Add(c.slots[i][0].Mul(challenges[i]))
		if !group.BaseMul(proof.response).Equal(right) {
			return fmt.Errorf("slot %d: %w", i+1, ErrPossession)
		}
	}
	return fmt.Errorf("sum over all slots: %w", ErrPossession)
}
