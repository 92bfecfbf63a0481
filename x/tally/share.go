package tally

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// MaxBytes of a DecryptionShare and of a Result.
const MaxBytes = election.MaxMessageBytes

// Share is a decoded DecryptionShare.
type Share struct {
	Message  *tallyv1.DecryptionShare
	Election [32]byte
	// Partials, one for each unit; nil for a unit without ballots. Set if
	// ValidateShare accepts.
	Partials []*Partial
	refusal  error
}

// Partial is a trustee's partial decryption of one unit.
type Partial struct {
	Points []group.Point
	Proof  dleq.Proof
}

// DecodeShare reads the body of a DecryptionShare with its points; what is
// wrong with its content says ValidateShare.
func DecodeShare(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[tallyv1.DecryptionShare](body, MaxBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	s := &Share{Message: m}
	s.refusal = s.read()
	return s, nil
}

// ValidateShare checks what the message alone shows.
func ValidateShare(_ ledger.Context, tx *ledger.Tx) error { return tx.Message.(*Share).refusal }

func (s *Share) read() error {
	if len(s.Message.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(s.Message.ElectionId))
	}
	s.Election = [32]byte(s.Message.ElectionId)
	for i, p := range s.Message.Partials {
		partial, err := DecodePartial(p)
		if err != nil {
			return CodePoint.Refuse(fmt.Sprintf("partials[%d]", i), "%v", err)
		}
		s.Partials = append(s.Partials, partial)
	}
	return nil
}

// DecodePartial reads a partial decryption; one that is empty is nil.
func DecodePartial(p *tallyv1.PartialDecryption) (*Partial, error) {
	if len(p.Points) == 0 && len(p.Proof) == 0 {
		return nil, nil
	}
	points, err := decodePoints(p.Points)
	if err != nil {
		return nil, fmt.Errorf("points: %w", err)
	}
	proof, err := dleq.DecodeProof(p.Proof)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return &Partial{Points: points, Proof: proof}, nil
}

// Encode is the message of a partial decryption.
func (p *Partial) Encode() *tallyv1.PartialDecryption {
	proof := p.Proof.Encode()
	return &tallyv1.PartialDecryption{Points: encodePoints(p.Points), Proof: proof[:]}
}

// ShareContext is what a share's proof is bound to besides chain, election and
// points.
func ShareContext(zone uint32, unit *tallyv1.Unit, trustee uint32) []byte {
	var groups []byte
	for _, g := range unit.Groups {
		groups = append(groups, ledger.U32(g)...)
	}
	return transcript.JoinFields(ledger.U64(uint64(zone)), ledger.U64(uint64(unit.Contest)), groups,
		ledger.U64(unit.Ballots), ledger.U64(uint64(trustee)))
}

// ShareStatement is what a trustee proves of its points for a unit: that they
// are its secret shares of the contest's slots times the sum's R.
func ShareStatement(chainID string, id [32]byte, def *electionv1.Definition, zone uint32, key *ceremonyv1.ElectionKey,
	unit *tallyv1.Unit, trustee uint32, points []group.Point) (dleq.Statement, error) {
	st := dleq.Statement{Purpose: dleq.Share, ChainID: chainID, Election: id, Context: ShareContext(zone, unit, trustee), Shares: points}
	slots := election.ContestSlots(def, unit.Contest)
	if len(points) != len(slots) {
		return st, fmt.Errorf("state share: %d points for the %d slots of contest %d", len(points), len(slots), unit.Contest)
	}
	if trustee < 1 || uint64(trustee) > uint64(len(key.Verification)) {
		return st, fmt.Errorf("state share: no trustee %d in the ceremony", trustee)
	}
	all := key.Verification[trustee-1]
	if len(all) < slots[len(slots)-1]*group.Size {
		return st, fmt.Errorf("state share: trustee %d holds no share of the key", trustee)
	}
	var err error
	if st.R, err = group.DecodePoint(unit.R); err != nil {
		return st, fmt.Errorf("state share: R of the sum: %w", err)
	}
	for _, slot := range slots {
		x, err := group.DecodeNonIdentity(all[(slot-1)*group.Size : slot*group.Size])
		if err != nil {
			return st, fmt.Errorf("state share: verification key of slot %d: %w", slot, err)
		}
		st.Keys = append(st.Keys, x)
	}
	return st, nil
}

// ShareFact states that a trustee's partial decryption is right.
type ShareFact struct {
	statement dleq.Statement
	proof     dleq.Proof
}

// NewShareFact states it of a partial.
func NewShareFact(statement dleq.Statement, proof dleq.Proof) *ShareFact {
	return &ShareFact{statement: statement, proof: proof}
}

// Verify checks the proof.
func (f *ShareFact) Verify() error { return dleq.Verify(f.statement, f.proof) }

func decodePoints(b []byte) ([]group.Point, error) {
	if len(b) == 0 || len(b)%group.Size != 0 {
		return nil, fmt.Errorf("%d bytes are no points", len(b))
	}
	out := make([]group.Point, len(b)/group.Size)
	for i := range out {
		p, err := group.DecodePoint(b[i*group.Size : (i+1)*group.Size])
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", i+1, err)
		}
		out[i] = p
	}
	return out, nil
}

func encodePoints(points []group.Point) []byte {
	out := make([]byte, 0, len(points)*group.Size)
	for _, p := range points {
		b := p.Encode()
		out = append(out, b[:]...)
	}
	return out
}

// ShareParams hashes what the facts of a share are made of besides its own
// bytes: the units and the key.
func ShareParams(units *tallyv1.Units, key *ceremonyv1.ElectionKey) [32]byte {
	return transcript.HashForChain(paramsLabel, "", ledger.MustEncode(units), key.TranscriptHash)
}
