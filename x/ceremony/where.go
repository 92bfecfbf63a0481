package ceremony

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Where names one attempt of a zone's ceremony.
type Where struct {
	Election [32]byte
	Zone     uint32
	Attempt  uint32
}

// ReadWhere reads the beginning of every message.
func ReadWhere(m *ceremonyv1.Where) (Where, error) {
	if m == nil || len(m.ElectionId) != 32 {
		return Where{}, CodeMalformed.Refuse("where.election_id", "an election's id has 32 bytes")
	}
	if m.Attempt == 0 {
		return Where{}, CodeMalformed.Refuse("where.attempt", "attempts count from 1")
	}
	return Where{Election: [32]byte(m.ElectionId), Zone: m.Zone, Attempt: m.Attempt}, nil
}

// Message is the beginning of a message of this attempt.
func (w Where) Message() *ceremonyv1.Where {
	return &ceremonyv1.Where{ElectionId: w.Election[:], Zone: w.Zone, Attempt: w.Attempt}
}

// String names the attempt in claims.
func (w Where) String() string { return fmt.Sprintf("%x/%d/%d", w.Election, w.Zone, w.Attempt) }

func (w Where) key(p ledger.Prefix, more ...[]byte) []byte {
	return p.Key(append([][]byte{w.Election[:], ledger.U32(w.Zone), ledger.U32(w.Attempt)}, more...)...)
}

// Params of the key generation once registration closed: participants in index
// order, including those who are out by now.
func Params(chainID string, def *electionv1.Definition, w Where, participants []*ceremonyv1.Participant) threshold.Params {
	return threshold.Params{
		ChainID:         chainID,
		Election:        w.Election,
		Zone:            w.Zone,
		Attempt:         w.Attempt,
		N:               len(participants),
		T:               int(def.Threshold),
		Slots:           election.Slots(def, w.Zone),
		TrusteeListHash: TrusteeListHash(chainID, w, participants),
	}
}

// TrusteeListHash is the hash of the participants of an attempt in index order.
func TrusteeListHash(chainID string, w Where, participants []*ceremonyv1.Participant) [32]byte {
	list := make([]threshold.Trustee, len(participants))
	for i, p := range participants {
		list[i] = threshold.Trustee{Key: [32]byte(p.Key), HPKEKey: p.HpkeKey}
	}
	return threshold.TrusteeListHash(chainID, w.Election, w.Zone, w.Attempt, list)
}

// Index of a participant by its key, from 1; 0 if it is none.
func Index(participants []*ceremonyv1.Participant, key []byte) uint32 {
	i := slices.IndexFunc(participants, func(p *ceremonyv1.Participant) bool { return bytes.Equal(p.Key, key) })
	return uint32(i + 1)
}
