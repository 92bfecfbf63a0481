package claims

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Ledger is the network as answers need it.
type Ledger interface {
	Definition(ctx context.Context, election [32]byte) (*electionv1.Definition, error)
	// OpenClaims lists unanswered claims on an issuer, the oldest first, from a
	// position on.
	OpenClaims(ctx context.Context, election [32]byte, issuer uint32, from uint64, limit int) (*api.OpenClaims, error)
	// Submit hands a transaction in.
	Submit(ctx context.Context, raw []byte) error
	// Refused reports whether an error is the ledger's refusal of a transaction.
	Refused(err error) bool
}

// Signer signs what is on record; *issue.Gateway is one.
type Signer interface {
	Sign(ctx context.Context, r issue.SignRequest) ([]byte, error)
}

// Config is all a desk is made of.
type Config struct {
	ChainID string
	// Operator key of the issuer.
	Operator [32]byte
	// Elections for which the gateway holds keys.
	Elections [][32]byte
	Ledger    Ledger
	Signer    Signer
	Log       *slog.Logger
	// Pause between two looks at the ledger.
	Pause time.Duration
}

const (
	// pageSize is how many claims are asked for at once, pages how many times in one
	// look: further ones come with the next.
	pageSize = 1000
	pages    = 10
	// again is after how many blocks an answer that is not in a block is sent again.
	again = 10
	// workers sign side by side; voters who ask over HTTP come first.
	workers = 2
)

// State is what the last look showed, for health and metrics.
type State struct {
	// Open claims on this issuer, and those that count as silence by now.
	Open   uint64
	Silent uint64
	// Answered since the start.
	Answered uint64
	// Failed: why the last look could not be ended, nil if it was.
	Failed error
}

// Desk answers claims on one issuer.
type Desk struct {
	cfg Config
	// sent are answers by claim with the height at which they were handed in; only
	// Look uses it.
	sent map[claim]int64

	mu    sync.Mutex
	state State
}

type claim struct{ election, entry [32]byte }

// New makes a desk.
func New(cfg Config) *Desk { return &Desk{cfg: cfg, sent: map[claim]int64{}} }

// State of the desk.
func (d *Desk) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Run looks and answers until the context ends.
func (d *Desk) Run(ctx context.Context) {
	told := ""
	for {
		err := d.Look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			told = ""
		case err.Error() != told:
			// Once for each reason: a node that is away is away for many looks.
			told = err.Error()
			d.cfg.Log.Warn("claims on the ledger are not all answered", "reason", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(d.cfg.Pause):
		}
	}
}

// Look answers what is open now. It is for one goroutine.
func (d *Desk) Look(ctx context.Context) error {
	next := State{}
	var failures []error
	seen := map[claim]bool{}
	answered := 0
	for _, election := range d.cfg.Elections {
		n, err := d.election(ctx, election, &next, seen)
		answered += n
		failures = append(failures, err)
	}
	for c := range d.sent {
		if !seen[c] {
			delete(d.sent, c)
		}
	}
	if answered > 0 {
		d.cfg.Log.Info("answered claims on the ledger", "count", answered)
	}
	next.Failed = errors.Join(failures...)
	d.mu.Lock()
	next.Answered = d.state.Answered + uint64(answered)
	d.state = next
	d.mu.Unlock()
	return next.Failed
}

func (d *Desk) election(ctx context.Context, election [32]byte, state *State, seen map[claim]bool) (answered int, err error) {
	def, err := d.cfg.Ledger.Definition(ctx, election)
	if err != nil {
		return 0, fmt.Errorf("look for claims in election %x: %w", election[:4], err)
	}
	issuer := uint32(0)
	for issuer < uint32(len(def.Issuers)) && !bytes.Equal(def.Issuers[issuer].OperatorKey, d.cfg.Operator[:]) {
		issuer++
	}
	if issuer == uint32(len(def.Issuers)) {
		return 0, nil
	}
	// The list is read to its end before it is answered, since answers shorten it.
	var open []api.Claim
	height := int64(0)
	for page := range pages {
		list, err := d.cfg.Ledger.OpenClaims(ctx, election, issuer, uint64(page*pageSize), pageSize)
		if err != nil {
			return 0, fmt.Errorf("look for claims in election %x: %w", election[:4], err)
		}
		if page == 0 {
			state.Silent += list.Silent
			height = list.Height
		}
		open = append(open, list.Claims...)
		if len(list.Claims) < pageSize {
			break
		}
	}
	state.Open += uint64(len(open))
	return d.answer(ctx, election, open, height, seen)
}

// answer signs and hands in what was not handed in lately.
func (d *Desk) answer(ctx context.Context, election [32]byte, open []api.Claim, height int64, seen map[claim]bool) (answered int, err error) {
	var mu sync.Mutex
	var failures []error
	group := errgroup.Group{}
	group.SetLimit(workers)
	for _, c := range open {
		if len(c.Entry) != 32 || len(c.Transaction) != 32 {
			failures = append(failures, errors.New("the node lists a claim that is malformed"))
			continue
		}
		at := claim{election, [32]byte(c.Entry)}
		seen[at] = true
		mu.Lock()
		was, there := d.sent[at]
		mu.Unlock()
		if there && height < was+again {
			continue
		}
		group.Go(func() error {
			err := d.one(ctx, at, c)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				d.sent[at] = height
				answered++
			case errors.Is(err, issue.ErrNotOnRecord):
				// Its issuance has no successor yet, or the claim is not there: next time.
			case len(failures) < 3:
				failures = append(failures, err)
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return none
	return answered, errors.Join(failures...)
}

func (d *Desk) one(ctx context.Context, at claim, c api.Claim) error {
	signature, err := d.cfg.Signer.Sign(ctx, issue.SignRequest{
		Election: at.election, Entry: at.entry, Transaction: [32]byte(c.Transaction), Blinded: c.Blinded,
	})
	if errors.Is(err, issue.ErrNode) && !errors.Is(err, issue.ErrNotOnRecord) {
		return issue.ErrNode // what the client says may name a transaction
	}
	if err != nil {
		return fmt.Errorf("sign what is claimed: %w", err)
	}
	m := &issuancev1.AnswerClaim{ElectionId: at.election[:], Entry: at.entry[:], Member: c.Member, BlindSignature: signature}
	raw, err := envelope.EncodeUnsigned(d.cfg.ChainID, uint32(txv1.Kind_KIND_ANSWER_CLAIM), ledger.MustEncode(m))
	if err != nil {
		return fmt.Errorf("answer claim: %w", err)
	}
	err = d.cfg.Ledger.Submit(ctx, raw)
	if err != nil && d.cfg.Ledger.Refused(err) {
		// A replica was first, or the claim is not in this state.
		return nil
	}
	if err != nil {
		return fmt.Errorf("hand answer in: %w", err)
	}
	return nil
}
