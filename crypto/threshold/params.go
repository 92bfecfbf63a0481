package threshold

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/transcript"
)

// Bounds of a ceremony.
const (
	MaxTrustees = 20
	MaxSlots    = 1 << 16
)

var (
	listLabel        = transcript.Register("threshold/trustees")
	commitmentsLabel = transcript.Register("threshold/commitments")
	possessionLabel  = transcript.Register("threshold/possession")
	dealLabel        = transcript.Register("threshold/deal")
	weightLabel      = transcript.Register("threshold/weight")
	sharesLabel      = transcript.Register("threshold/shares")
	resharesLabel    = transcript.Register("threshold/reshares")
	shareCheckLabel  = transcript.Register("threshold/share-check")
	drillLabel       = transcript.Register("threshold/drill")
	testLabel        = transcript.Register("threshold/test")
	polynomialLabel  = transcript.Register("threshold/polynomial")
	nonceLabel       = transcript.Register("threshold/nonce")
	hpkeLabel        = transcript.Register("threshold/hpke")
)

// The classes of refusal of this package. Encodings that no group element or
// scalar has are refused with the classes of package group.
var (
	// ErrParams: the numbers of the ceremony are outside their bounds.
	ErrParams = errors.New("parameters of the ceremony are out of bounds")
	// ErrLength: a part does not have exactly the length its place requires.
	ErrLength = errors.New("wrong length")
	// ErrIndex: no such trustee or slot, or one twice, or out of order.
	ErrIndex = errors.New("index does not exist, is not in order or occurs twice")
	// ErrDuplicate: two slot keys are equal.
	ErrDuplicate = errors.New("two slots have the same key")
	// ErrPossession: a proof of possession does not hold.
	ErrPossession = errors.New("proof of possession does not hold")
	// ErrOpen: the box does not open with this key in this place.
	ErrOpen = errors.New("sealed shares do not open")
	// ErrShares: the shares do not fit the commitments.
	ErrShares = errors.New("shares do not fit the commitments")
	// ErrTooFew: fewer than t dealers, shares or parts.
	ErrTooFew = errors.New("fewer than the threshold")
	// ErrKey: secret shares and public key do not belong together.
	ErrKey = errors.New("share does not belong to this key")
)

// Params says which ceremony: all that every trustee agrees on before it deals.
type Params struct {
	ChainID         string
	Election        [32]byte
	Zone            uint32
	Attempt         uint32
	N               int // trustees
	T               int // as many decrypt, fewer do not
	Slots           int // L
	TrusteeListHash [32]byte
}

// Validate checks the bounds.
func (p Params) Validate() error {
	switch {
	case p.N < 1 || p.N > MaxTrustees:
		return fmt.Errorf("%d trustees, need 1 to %d: %w", p.N, MaxTrustees, ErrParams)
	case p.T < 1 || p.T > p.N:
		return fmt.Errorf("threshold %d of %d trustees: %w", p.T, p.N, ErrParams)
	case p.Slots < 1 || p.Slots > MaxSlots:
		return fmt.Errorf("%d slots, need 1 to %d: %w", p.Slots, MaxSlots, ErrParams)
	}
	return nil
}

func (p Params) checkTrustee(what string, index int) error {
	if index < 1 || index > p.N {
		return fmt.Errorf("%s %d of %d trustees: %w", what, index, p.N, ErrIndex)
	}
	return nil
}

// place is the common beginning of everything hashed.
func (p Params) place() [][]byte {
	return [][]byte{
		number(uint64(p.Zone)), number(uint64(p.Attempt)),
		number(uint64(p.N)), number(uint64(p.T)), number(uint64(p.Slots)),
		p.TrusteeListHash[:],
	}
}

func (p Params) transcript(label *transcript.Label) *transcript.Transcript {
	t := transcript.New(label, p.ChainID, p.Election)
	for _, f := range p.place() {
		t.Append(f)
	}
	return t
}

// fields is the same beginning for what is not hashed by a transcript.
func (p Params) fields(label *transcript.Label, more ...[]byte) []byte {
	fs := append([][]byte{[]byte(label.String()), []byte(p.ChainID), p.Election[:]}, p.place()...)
	return transcript.JoinFields(append(fs, more...)...)
}

// Trustee is one line of the trustee list.
type Trustee struct {
	Key     [32]byte // Ed25519
	HPKEKey []byte   // sealbox encoding
}

// TrusteeListHash is what Params carries: the registered trustees of an attempt in
// index order.
func TrusteeListHash(chainID string, election [32]byte, zone, attempt uint32, trustees []Trustee) [32]byte {
	t := transcript.New(listLabel, chainID, election)
	t.AppendUint64(uint64(zone))
	t.AppendUint64(uint64(attempt))
	t.AppendUint64(uint64(len(trustees)))
	for _, m := range trustees {
		t.Append(m.Key[:])
		t.Append(m.HPKEKey)
	}
	return t.Hash32()
}

func number(v uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, v)
}
