package ceremony

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/crypto/transcript"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// ModeDKG: the key was made by its trustees together.
const ModeDKG = "dkg"

var transcriptLabel = transcript.Register("ceremony/transcript")

// InTranscript says whether the transcript covers transactions of a kind: those
// from which the key follows.
func InTranscript(kind uint32) bool {
	return kind >= uint32(txv1.Kind_KIND_REGISTER_TRUSTEE) && kind <= uint32(txv1.Kind_KIND_PUBLISH_SHARES)
}

// TranscriptHash is what ConfirmKey names: txs are the hashes of the attempt's
// transactions that InTranscript covers, in ledger order.
func TranscriptHash(chainID string, w Where, trusteeList [32]byte, txs [][32]byte, qualified []uint32, key *ceremonyv1.ElectionKey) [32]byte {
	t := transcript.New(transcriptLabel, chainID, w.Election)
	t.AppendUint64(uint64(w.Zone))
	t.AppendUint64(uint64(w.Attempt))
	t.Append(trusteeList[:])
	t.AppendUint64(uint64(len(txs)))
	for _, h := range txs {
		t.Append(h[:])
	}
	t.AppendUint64(uint64(len(qualified)))
	for _, q := range qualified {
		t.AppendUint64(uint64(q))
	}
	t.Append(key.Slots)
	t.AppendUint64(uint64(len(key.Verification)))
	for _, v := range key.Verification {
		t.Append(v)
	}
	return t.Hash32()
}

// CombineKey makes the key of the qualified dealers' commitments, both in index
// order, and of the participants, those who are out without verification keys.
// The transcript's hash is for the caller to set.
func CombineKey(params threshold.Params, participants []*ceremonyv1.Participant, qualified []uint32, commitments [][]byte) (*ceremonyv1.ElectionKey, error) {
	dealt := make([]threshold.Dealt, len(qualified))
	for i, d := range qualified {
		c, err := threshold.DecodeCommitments(params, commitments[i])
		if err != nil {
			return nil, fmt.Errorf("combine key: dealer %d: %w", d, err)
		}
		dealt[i] = threshold.Dealt{Dealer: int(d), Commitments: c}
	}
	joint, err := threshold.Combine(params, dealt)
	if err != nil {
		return nil, fmt.Errorf("combine key: %w", err)
	}
	key := &ceremonyv1.ElectionKey{Mode: ModeDKG, Attempt: params.Attempt, Slots: joint.EncodeSlots()}
	for i, p := range participants {
		verification := []byte{}
		if p.Out == "" {
			verification = joint.EncodeVerification(i + 1)
		}
		key.Verification = append(key.Verification, verification)
		key.Participants = append(key.Participants, p.Key)
	}
	return key, nil
}
