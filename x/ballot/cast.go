package ballot

import (
	"sync"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/ledger"
)

const (
	// MaxBytes of a CastBallot: 4096 slots and bits and a panel of 20.
	MaxBytes = 320 << 10
	// MaxSequence: how many ballots one key may cast in all.
	MaxSequence = 10
	// MaxPanel is the most members a token can have signatures of.
	MaxPanel = 20
)

// Cast is a CastBallot of right form. Its points are decoded when they are
// first asked for: most of what a flood brings is refused before. Many
// goroutines may use it.
type Cast struct {
	Message  *ballotv1.CastBallot
	Election [32]byte
	// refusal is what the form alone shows.
	refusal error

	once       sync.Once // guards:
	ciphertext *elgamal.Ciphertext
	proof      *bitproof.Proof
	bad        error
}

// Decode reads the body of a CastBallot. A message of wrong content decodes;
// Validate and Parts say what is wrong with it.
func Decode(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[ballotv1.CastBallot](body, MaxBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	return NewCast(m), nil
}

// NewCast looks at the form of a message, which must not change afterwards.
func NewCast(m *ballotv1.CastBallot) *Cast {
	c := &Cast{Message: m}
	c.refusal = c.form()
	return c
}

// Slots is how many ciphertexts the ballot has. Only of a valid ballot.
func (c *Cast) Slots() int { return len(c.Message.C) / group.Size }

// Parts are the ciphertext and the proof, decoded once. The error is a
// *ledger.Refusal: what is refused here, no state can make right.
func (c *Cast) Parts() (*elgamal.Ciphertext, *bitproof.Proof, error) {
	c.once.Do(c.decode)
	return c.ciphertext, c.proof, c.bad
}

func (c *Cast) decode() {
	if c.refusal != nil {
		c.bad = c.refusal
		return
	}
	m := c.Message
	ct, proof, err := bitproof.DecodeBallot(c.bits(), c.Slots(), m.R, m.C, m.Proof)
	if err != nil {
		c.bad = CodePoint.Refuse("r, c, proof", "%v", err)
		return
	}
	c.ciphertext, c.proof = ct, proof
}

// bits is of how many bits the proof speaks.
func (c *Cast) bits() int { return len(c.Message.Proof)/group.Size - proofOverhead }

// Message makes the message of a sealed ballot. The token belongs to a key's
// first ballot and must be nil for others.
func (f *Form) Message(sequence uint32, token *ballotv1.Token, ct *elgamal.Ciphertext, proof *bitproof.Proof) *ballotv1.CastBallot {
	both := ct.Encode()
	return &ballotv1.CastBallot{
		ElectionId: f.Election[:],
		Style:      f.Style,
		Sequence:   sequence,
		Token:      token,
		R:          both[:group.Size],
		C:          both[group.Size:],
		Proof:      proof.Encode(),
	}
}

// Validate checks what the form of the message alone shows.
func Validate(_ ledger.Context, tx *ledger.Tx) error {
	return tx.Message.(*Cast).refusal
}

// form checks what needs no arithmetic.
func (c *Cast) form() error {
	m := c.Message
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(m.ElectionId))
	}
	c.Election = [32]byte(m.ElectionId)
	if m.Sequence < 1 || m.Sequence > MaxSequence {
		return CodeSequence.Refuse("sequence", "%d is not in 1..%d", m.Sequence, MaxSequence)
	}
	if err := readToken(m); err != nil {
		return err
	}
	if len(m.R) != group.Size {
		return CodeMalformed.Refuse("r", "%d bytes, a point has %d", len(m.R), group.Size)
	}
	if len(m.C) == 0 || len(m.C)%group.Size != 0 || len(m.C)/group.Size > bitproof.MaxForms {
		return CodeMalformed.Refuse("c", "%d bytes are not 1..%d points", len(m.C), bitproof.MaxForms)
	}
	if bits := c.bits(); bits < 1 || bits > bitproof.MaxBits || len(m.Proof) != bitproof.ProofSize(bits) {
		return CodeMalformed.Refuse("proof", "%d bytes are no proof", len(m.Proof))
	}
	return nil
}

// proofOverhead is how many encodings a proof has besides one for each bit.
var proofOverhead = bitproof.ProofSize(0) / group.Size

func readToken(m *ballotv1.CastBallot) error {
	if m.Sequence > 1 {
		if m.Token != nil {
			return CodeTokenShape.Refuse("token", "only the first ballot of a key carries a token")
		}
		return nil
	}
	if m.Token == nil {
		return CodeTokenShape.Refuse("token", "the first ballot of a key needs a token")
	}
	if n := len(m.Token.Signatures); n < 1 || n > MaxPanel {
		return CodeTokenShape.Refuse("token.signatures", "%d signatures are not 1..%d", n, MaxPanel)
	}
	for i, s := range m.Token.Signatures {
		if len(s) != blindtoken.DefaultBits/8 && len(s) != blindtoken.LargeBits/8 {
			return CodeTokenShape.Refuse("token.signatures", "signature %d has %d bytes, not %d or %d",
				i+1, len(s), blindtoken.DefaultBits/8, blindtoken.LargeBits/8)
		}
	}
	return nil
}
