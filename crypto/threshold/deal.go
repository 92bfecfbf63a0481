package threshold

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
)

// Deal is what a dealer publishes.
type Deal struct {
	Commitments []byte   // 32·L·t
	Proofs      []byte   // 64·L
	Sealed      [][]byte // n boxes of sealbox.Overhead + 32·L
}

// CommitHash is what a dealer commits to before anybody deals.
func CommitHash(p Params, dealer int, d *Deal) [32]byte {
	t := p.transcript(dealLabel)
	t.AppendUint64(uint64(dealer))
	t.Append(d.Commitments)
	t.Append(d.Proofs)
	t.AppendUint64(uint64(len(d.Sealed)))
	for _, box := range d.Sealed {
		t.Append(box)
	}
	return t.Hash32()
}

// VerifyDeal checks a deal from public data: lengths, encodings, slot keys and
// proofs of possession. Whether the boxes hold the right shares only their
// receivers can tell. The verdict depends on the arguments alone.
func VerifyDeal(p Params, dealer int, d *Deal) error {
	if err := p.Validate(); err != nil {
		return fmt.Errorf("check deal: %w", err)
	}
	if err := p.checkTrustee("dealer", dealer); err != nil {
		return fmt.Errorf("check deal: %w", err)
	}
	if len(d.Sealed) != p.N {
		return fmt.Errorf("check deal: %d sealed messages for %d trustees: %w", len(d.Sealed), p.N, ErrLength)
	}
	want := sealbox.Overhead + p.Slots*group.Size
	for j, box := range d.Sealed {
		if len(box) != want {
			return fmt.Errorf("check deal: sealed message %d has %d bytes, need %d: %w", j+1, len(box), want, ErrLength)
		}
	}
	return verifyPublic(p, dealer, d)
}

// verifyPublic checks all but the boxes.
func verifyPublic(p Params, dealer int, d *Deal) error {
	c, err := DecodeCommitments(p, d.Commitments)
	if err != nil {
		return fmt.Errorf("check deal: %w", err)
	}
	proofs, err := decodeProofs(p, d.Proofs)
	if err != nil {
		return fmt.Errorf("check deal: %w", err)
	}
	hash := commitmentsHash(p, dealer, d.Commitments)
	if err := verifyPossession(p, dealer, c, hash, proofs, CommitHash(p, dealer, d)); err != nil {
		return fmt.Errorf("check deal: %w", err)
	}
	return nil
}
