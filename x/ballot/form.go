package ballot

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

var paramsLabel = transcript.Register("ballot/form")

// Form is an empty ballot of one style under one election key: all that is the
// same for every ballot of the style. It is immutable.
type Form struct {
	ChainID  string
	Election [32]byte
	Style    uint32
	Zone     uint32
	Group    uint32
	Class    uint32
	Shape    *bitproof.Shape
	// Slots are the numbers of the ciphertext slots, ascending, Keys the keys of
	// these slots.
	Slots []int
	Keys  []elgamal.Key
	// KeyHash binds all keys of the zone and their mode.
	KeyHash [32]byte
	// Parts says which ciphertexts belong to which contest.
	Parts  []Part
	params [32]byte
}

// Part is a contest's stretch of a ballot: ciphertexts From up to, not
// including, To, counted from 0.
type Part struct {
	Contest  uint32
	From, To int
}

// NewForm makes the form of a style of a valid definition. The keys are those
// of the style's zone; they are not prepared for sealing, see PreparedForm.
func NewForm(chainID string, id [32]byte, def *electionv1.Definition, style uint32, key *ceremonyv1.ElectionKey) (*Form, error) {
	return newForm(chainID, id, def, style, key, false)
}

// PreparedForm is NewForm with tables for the keys: for whoever seals ballots.
func PreparedForm(chainID string, id [32]byte, def *electionv1.Definition, style uint32, key *ceremonyv1.ElectionKey) (*Form, error) {
	return newForm(chainID, id, def, style, key, true)
}

func newForm(chainID string, id [32]byte, def *electionv1.Definition, style uint32, key *ceremonyv1.ElectionKey, prepare bool) (*Form, error) {
	if uint64(style) >= uint64(len(def.Styles)) {
		return nil, fmt.Errorf("make form of style %d: the election has %d styles", style, len(def.Styles))
	}
	st := def.Styles[style]
	shape, slots := election.Shape(def, style)
	vector, err := elgamal.DecodeKeyVector(key.Slots)
	if err != nil {
		return nil, fmt.Errorf("make form of style %d: election key: %w", style, err)
	}
	f := &Form{ChainID: chainID, Election: id, Style: style, Zone: st.Zone, Group: st.Group, Class: st.TokenClass,
		Shape: shape, Slots: slots, KeyHash: vector.Hash(chainID, id, key.Mode)}
	if f.Keys, err = vector.Select(slots); err != nil {
		return nil, fmt.Errorf("make form of style %d: election key: %w", style, err)
	}
	if prepare {
		if f.Keys, err = prepared(f.Keys); err != nil {
			return nil, fmt.Errorf("make form of style %d: prepare keys: %w", style, err)
		}
	}
	at := 0
	for _, c := range st.Contests {
		n := len(def.Contests[c].Options)
		f.Parts = append(f.Parts, Part{Contest: c, From: at, To: at + n})
		at += n
	}
	if at != len(slots) {
		return nil, fmt.Errorf("make form of style %d: its contests have %d options and %d slots", style, at, len(slots))
	}
	f.params = transcript.Hash(paramsLabel, chainID, id,
		ledger.U64(uint64(f.Zone)), ledger.U64(uint64(f.Style)), f.KeyHash[:], f.Shape.Encode())
	return f, nil
}

// prepared gives only the keys that the form uses their tables.
func prepared(keys []elgamal.Key) ([]elgamal.Key, error) {
	points, slots := make([]group.Point, len(keys)), make([]int, len(keys))
	for i, k := range keys {
		points[i], slots[i] = k.Point(), i+1
	}
	vector, err := elgamal.NewKeyVector(points)
	if err != nil {
		return nil, err
	}
	return vector.Prepared().Select(slots)
}

// KeyVectorHash is the hash of the whole key vector with its mode, which every
// ballot's proof is bound to and every device compares.
func KeyVectorHash(chainID string, id [32]byte, key *ceremonyv1.ElectionKey) ([32]byte, error) {
	vector, err := elgamal.DecodeKeyVector(key.Slots)
	if err != nil {
		return [32]byte{}, fmt.Errorf("hash election key: %w", err)
	}
	return vector.Hash(chainID, id, key.Mode), nil
}

// Statement is what the proof of a key's ballot is bound to.
func (f *Form) Statement(ballotKey [32]byte, sequence uint32) *bitproof.Statement {
	return &bitproof.Statement{
		ChainID:  f.ChainID,
		Election: f.Election,
		Context: transcript.JoinFields(
			ledger.U64(uint64(f.Zone)), ledger.U64(uint64(f.Style)), f.KeyHash[:], ballotKey[:], ledger.U64(uint64(sequence))),
		Shape: f.Shape,
		Keys:  f.Keys,
	}
}

// Claim is what a cast ballot claims to be: a ballot of this form. The error is
// the refusal of a ballot whose points or scalars are none.
func (f *Form) Claim(cast *Cast, ballotKey [32]byte) (bitproof.Claim, error) {
	ct, proof, err := cast.Parts()
	if err != nil {
		return bitproof.Claim{}, err
	}
	return bitproof.Claim{Statement: f.Statement(ballotKey, cast.Message.Sequence), Ciphertext: ct, Proof: proof}, nil
}

// Params hashes what a claim is made of besides the ballot: the keys and the shape.
func (f *Form) Params() [32]byte { return f.params }
