package ceremony

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/crypto/transcript"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// DrillAnswer is a decoded drill share.
type DrillAnswer struct {
	Points []group.Point
	Proof  dleq.Proof
}

// DecodeDrill reads the points and the proof of a drill share.
func DecodeDrill(m *ceremonyv1.DrillShare) (*DrillAnswer, error) {
	if len(m.Points) == 0 || len(m.Points)%group.Size != 0 {
		return nil, fmt.Errorf("%d bytes are no points", len(m.Points))
	}
	d := &DrillAnswer{Points: make([]group.Point, len(m.Points)/group.Size)}
	for i := range d.Points {
		p, err := group.DecodePoint(m.Points[i*group.Size : (i+1)*group.Size])
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", i+1, err)
		}
		d.Points[i] = p
	}
	var err error
	if d.Proof, err = dleq.DecodeProof(m.Proof); err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return d, nil
}

// DrillContext is what the proof of a drill share is bound to besides chain,
// election and points.
func DrillContext(w Where, trustee uint32) []byte {
	return transcript.JoinFields(ledger.U64(uint64(w.Zone)), ledger.U64(uint64(w.Attempt)), ledger.U64(uint64(trustee)))
}

// DrillStatement is what a trustee proves in the drill: that its points are
// its secret shares of all slots times the R of the drill ciphertext.
func DrillStatement(chainID string, w Where, key *ceremonyv1.ElectionKey, trustee uint32, points []group.Point) (dleq.Statement, error) {
	slots := len(key.Slots) / group.Size
	keys, err := threshold.DecodeSlotKeys(slots, key.Slots)
	if err != nil {
		return dleq.Statement{}, fmt.Errorf("state drill share: %w", err)
	}
	if trustee < 1 || uint64(trustee) > uint64(len(key.Verification)) {
		return dleq.Statement{}, fmt.Errorf("state drill share: no trustee %d in the ceremony", trustee)
	}
	own, err := threshold.DecodeVerificationKeys(slots, key.Verification[trustee-1])
	if err != nil {
		return dleq.Statement{}, fmt.Errorf("state drill share: keys of trustee %d: %w", trustee, err)
	}
	r, _ := threshold.Drill(chainID, w.Election, w.Zone, keys)
	return dleq.Statement{
		Purpose: dleq.Drill, ChainID: chainID, Election: w.Election, Context: DrillContext(w, trustee),
		R: r, Keys: own, Shares: points,
	}, nil
}
