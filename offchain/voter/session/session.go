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
	// Portal is set where the voter logs in; Pass and Code are then not used.
	Portal Portal
	Pass   [32]byte
	Code   string
}

// Format prints a redaction for every verb: it holds an access code.
func (Access) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access to an issuer]") }

// Config is all a session is made of.
type Config struct {
	State *State
	// Watch gives the election's parameters; sessions may share one.
	Watch  *booth.Watch
	Ledger Ledger
	// Access finds, by operator key, the gateway of an issuer and what to show
	// it; false if the voter has none.
	Access func(operator [32]byte) (Access, bool)
	// Person logs in where an issuer asks for it; nil where none does.
	Person Person
	// Claims asks silent members on the ledger.
	Claims Claims
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
	cfg    Config
	st     *State
	params *booth.Parameters
	// logins by operator key.
	logins map[[32]byte]*login
}

// ErrOtherElection: the state is of another chain.
var ErrOtherElection = errors.New("state belongs to another chain")

// New begins or resumes. The state is saved at once: no message leaves before.
func New(ctx context.Context, cfg Config) (*Session, error) {
	s := &Session{cfg: cfg, st: cfg.State}
	if err := s.look(ctx, recent); err != nil {
		return nil, fmt.Errorf("resume voter: %w", err)
	}
	if s.params.ChainID != s.st.chainID {
		return nil, fmt.Errorf("resume voter: %w", ErrOtherElection)
	}
	return s, s.save()
}

// How old parameters may be: for what the ledger judges again, and where a
// refusal says that something changed.
const (
	recent = 2 * time.Second
	fresh  = 0
)

// look renews the parameters.
func (s *Session) look(ctx context.Context, age time.Duration) error {
	params, err := s.cfg.Watch.Parameters(ctx, s.st.election, s.st.style, age)
	if err != nil {
		return err
	}
	s.params = params
	return nil
}

// Parameters of the election as last seen.
func (s *Session) Parameters() *booth.Parameters { return s.params }

// State of the session.
func (s *Session) State() *State { return s.st }

// BallotKey under which the ledger knows the voter's ballots.
func (s *Session) BallotKey() [32]byte { return s.ballotKey().Public() }

func (s *Session) ballotKey() sign.PrivateKey {
	// The panel does not enter the ballot key.
	return s.st.secret.BallotKey(s.params.Scope(s.st.panel))
}

func (s *Session) claimKeyHash() [32]byte {
	public := s.claimKey().Public()
	return sha256.Sum256(public[:])
}

func (s *Session) save() error { return s.cfg.Save(s.st) }
