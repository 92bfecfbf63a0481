package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/proto/api"
)

// Ledger is the network as a voter needs it.
type Ledger interface {
	// Prove fetches objects that follow from the genesis.
	Prove(ctx context.Context, election [32]byte, names ...string) (booth.Objects, error)
	// SubmitAndWait hands a transaction in and waits for its block. For bytes
	// that are in a block already it returns that block.
	SubmitAndWait(ctx context.Context, raw []byte) (height int64, err error)
	// WaitProvable waits until the transaction's place in the ballot log can be
	// proven: its block has a successor.
	WaitProvable(ctx context.Context, hash [32]byte) error
	// Refused reports whether an error is the ledger's refusal of a
	// transaction, and whether a later block may accept it.
	Refused(err error) (refused, later bool)
}

// Issuer is a member's gateway.
type Issuer interface {
	Endorse(context.Context, api.TokenRequest) ([]byte, error)
	Sign(context.Context, api.SignRequest) ([]byte, error)
}

// Access is what the voter shows to one issuer.
type Access struct {
	Issuer Issuer
	Pass   [32]byte
	Code   string
}

// Format prints a redaction for every verb: it holds an access code.
func (Access) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access to an issuer]") }

// Config is all a session is made of.
type Config struct {
	State  *State
	Params *booth.Parameters
	Ledger Ledger
	// Access finds, by operator key, the gateway of an issuer and what to show
	// it; false if the voter has none.
	Access func(operator [32]byte) (Access, bool)
	// Save makes the state durable before it returns.
	Save func(*State) error
	// Random seals ballots.
	Random io.Reader
	// Pause is how long to wait before a gateway that does not see the record
	// yet is asked again.
	Pause time.Duration
}

// Session is one voter at work. It is for one goroutine.
type Session struct {
	cfg Config
	st  *State
}

// ErrOtherElection: the state is of another election, chain or style.
var ErrOtherElection = errors.New("state belongs to another election, chain or style")

// New begins or resumes. The state is saved at once: no message leaves before.
func New(cfg Config) (*Session, error) {
	st, p := cfg.State, cfg.Params
	if st.chainID != p.ChainID || st.election != p.Election || st.style != p.Style {
		return nil, fmt.Errorf("resume voter: %w", ErrOtherElection)
	}
	s := &Session{cfg: cfg, st: st}
	return s, s.save()
}

// State of the session.
func (s *Session) State() *State { return s.st }

// BallotKey under which the ledger knows the voter's ballots.
func (s *Session) BallotKey() [32]byte { return s.ballotKey().Public() }

func (s *Session) ballotKey() sign.PrivateKey {
	// The panel does not enter the ballot key.
	return s.st.secret.BallotKey(s.cfg.Params.Scope(s.st.panel))
}

func (s *Session) claimKeyHash() [32]byte {
	public := sign.NewPrivateKey(s.st.claim).Public()
	return sha256.Sum256(public[:])
}

func (s *Session) save() error { return s.cfg.Save(s.st) }
