package booth

import (
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// ErrNoElectionKey: the trustees have not made the election key yet.
var ErrNoElectionKey = errors.New("election key does not exist yet")

// Sealed is an encrypted ballot that is not signed: nobody can cast it yet.
type Sealed struct {
	form     *ballot.Form
	sequence uint32
	message  *ballotv1.CastBallot
}

// Seal encrypts choices as the ballot key's ballot of this sequence number and
// proves that they keep the rules. Each call takes fresh randomness.
func Seal(random io.Reader, p *Parameters, ballotKey [32]byte, sequence uint32, choices Choices) (*Sealed, error) {
	if p.Form == nil {
		return nil, fmt.Errorf("seal ballot: %w", ErrNoElectionKey)
	}
	bits, err := choices.bits(p)
	if err != nil {
		return nil, err
	}
	ct, proof, err := bitproof.Prove(random, p.Form.Statement(ballotKey, sequence), bits)
	if err != nil {
		return nil, fmt.Errorf("seal ballot: %w", err)
	}
	return &Sealed{form: p.Form, sequence: sequence, message: p.Form.Message(sequence, nil, ct, proof)}, nil
}

// Sign makes the transaction that casts the sealed ballot: the step that cannot
// be taken back. The token goes with the first ballot of a key only.
func (s *Sealed) Sign(key sign.PrivateKey, token *ballotv1.Token) ([]byte, error) {
	if first := s.sequence == 1; first != (token != nil) {
		return nil, fmt.Errorf("sign ballot %d of a key: the first carries the token and no other does", s.sequence)
	}
	message := *s.message
	message.Token = token
	raw, err := envelope.Encode(s.form.ChainID, uint32(txv1.Kind_KIND_CAST_BALLOT), ledger.MustEncode(&message), key)
	if err != nil {
		return nil, fmt.Errorf("sign ballot: %w", err)
	}
	return raw, nil
}
