package claims_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/claims"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	electionID = [32]byte{1}
	errRefused = errors.New("refused")
	errAway    = errors.New("no node answers")
)

// board is a ledger with claims on issuer-1.
type board struct {
	mu     sync.Mutex
	height int64
	open   []api.Claim
	away   bool
	refuse bool
	looks  int
	// answers by entry: how often they were handed in.
	answers map[string]int
}

func newBoard(claims int) *board {
	b := &board{height: 100, answers: map[string]int{}}
	for i := range claims {
		entry := make([]byte, 32)
		binary.BigEndian.PutUint64(entry, uint64(i+1))
		b.open = append(b.open, api.Claim{Entry: entry, Issuer: 1, Member: 1, Height: 50, Blinded: bytes.Repeat([]byte{3}, 256), Transaction: entry})
	}
	return b
}

func (b *board) Definition(context.Context, [32]byte) (*electionv1.Definition, error) {
	return sample.Definition(), nil
}

func (b *board) OpenClaims(_ context.Context, _ [32]byte, issuer uint32, from uint64, limit int) (*api.OpenClaims, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looks++
	if b.away {
		return nil, errAway
	}
	if issuer != 1 {
		return nil, fmt.Errorf("asked for issuer %d", issuer)
	}
	rest := b.open[min(int(from), len(b.open)):]
	return &api.OpenClaims{Height: b.height, Silent: 7, Claims: rest[:min(limit, len(rest))]}, nil
}

func (b *board) Submit(_ context.Context, raw []byte) error {
	tx, err := envelope.Decode(raw, sample.ChainID)
	if err != nil {
		return err
	}
	m, err := ledger.DecodeStrict[issuancev1.AnswerClaim](tx.Body, issuance.MaxClaimBytes)
	if err != nil || tx.Kind != uint32(txv1.Kind_KIND_ANSWER_CLAIM) || issuance.ValidateAnswerClaim(m) != nil || m.Member != 1 {
		return fmt.Errorf("no answer to a claim: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[string(m.Entry)]++
	if b.refuse {
		return errRefused
	}
	return nil
}

func (b *board) Refused(err error) bool { return errors.Is(err, errRefused) }

// pen signs everything, or nothing.
type pen struct{ err error }

func (p pen) Sign(_ context.Context, r issue.SignRequest) ([]byte, error) { return r.Blinded, p.err }

func newDesk(b *board, p pen, log *slog.Logger) *claims.Desk {
	return claims.New(claims.Config{
		ChainID: sample.ChainID, Operator: [32]byte(sample.Public("issuer-1")), Elections: [][32]byte{electionID},
		Ledger: b, Signer: p, Log: log, Pause: time.Millisecond,
	})
}

var silent = slog.New(slog.DiscardHandler)

func TestAllPagesOfClaimsAreAnsweredAndSentAgainOnlyWhenLost(t *testing.T) {
	const many = 2500
	b := newBoard(many)
	d := newDesk(b, pen{}, silent)
	times := func() (least, most int) {
		least = many
		for _, n := range b.answers {
			least, most = min(least, n), max(most, n)
		}
		return least, most
	}
	for range 2 {
		if err := d.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if least, most := times(); len(b.answers) != many || least != 1 || most != 1 {
		t.Fatalf("%d answered, %d to %d times", len(b.answers), least, most)
	}
	if s := d.State(); s.Open != many || s.Silent != 7 || s.Answered != many || s.Failed != nil {
		t.Fatalf("%+v", s)
	}
	// None came into a block: after a while they are sent again.
	b.height += 10
	if err := d.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if least, most := times(); least != 2 || most != 2 {
		t.Fatalf("%d to %d times", least, most)
	}
}

func TestAnAnswerThatAReplicaGaveFirstIsNoFailure(t *testing.T) {
	b := newBoard(3)
	b.refuse = true
	if err := newDesk(b, pen{}, silent).Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotOnRecordIsLeftForTheNextLook(t *testing.T) {
	b := newBoard(3)
	d := newDesk(b, pen{issue.ErrNotOnRecord}, silent)
	if err := d.Look(t.Context()); err != nil || len(b.answers) != 0 || d.State().Open != 3 {
		t.Fatal(err, len(b.answers))
	}
}

func TestElectionsInWhichTheIssuerHasNoSeatAreNotLookedAt(t *testing.T) {
	b := newBoard(3)
	d := claims.New(claims.Config{ChainID: sample.ChainID, Operator: [32]byte{9}, Elections: [][32]byte{electionID}, Ledger: b, Signer: pen{}, Log: silent})
	if err := d.Look(t.Context()); err != nil || b.looks != 0 {
		t.Fatal(err, b.looks)
	}
}

func TestAFailureIsToldOnceAndNamesNoEntry(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*board)
		pen   pen
	}{
		"node away":       {func(b *board) { b.away = true }, pen{}},
		"nothing signed":  {func(*board) {}, pen{fmt.Errorf("get /v1/receipts/%x: %w", newBoard(1).open[0].Entry, issue.ErrNode)}},
		"malformed claim": {func(b *board) { b.open[0].Entry = b.open[0].Entry[:31] }, pen{}},
	} {
		var text bytes.Buffer
		b := newBoard(1)
		entry := fmt.Sprintf("%x", b.open[0].Entry)
		c.spoil(b)
		d := newDesk(b, c.pen, slog.New(slog.NewTextHandler(&text, nil)))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		d.Run(ctx)
		cancel()
		if b.looks < 3 || d.State().Failed == nil {
			t.Errorf("%s: looked %d times, failed %v", name, b.looks, d.State().Failed)
		}
		if lines := strings.Count(text.String(), "\n"); lines != 1 || strings.Contains(text.String(), entry) {
			t.Errorf("%s: %d lines: %s", name, lines, text.String())
		}
	}
}
