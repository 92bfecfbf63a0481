package session_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
)

// lossy is a ledger on whose way messages get lost: before they arrive, or the
// answer.
type lossy struct {
	*world
	lose func(stage string) bool
}

func (l lossy) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	tx, err := envelope.Decode(raw, sample.ChainID)
	if err != nil {
		return 0, err
	}
	kind := txv1.Kind(tx.Kind).String()
	if l.lose("to ledger: " + kind) {
		return 0, errLost
	}
	height, err := l.world.SubmitAndWait(ctx, raw)
	if l.lose("from ledger: " + kind) {
		return 0, errLost
	}
	return height, err
}

func (l lossy) WaitProvable(ctx context.Context, hash [32]byte) error {
	if l.lose("prove") {
		return errLost
	}
	err := l.world.WaitProvable(ctx, hash)
	if l.lose("proven") {
		return errLost
	}
	return err
}

func (l lossy) EntryClaims(ctx context.Context, election, entry [32]byte) (*api.EntryClaims, error) {
	if l.lose("claims") {
		return nil, errLost
	}
	return l.world.EntryClaims(ctx, election, entry)
}

// courier loses messages to and from one gateway.
type courier struct {
	session.Issuer
	lose func(stage string) bool
}

func (c courier) Endorse(ctx context.Context, r api.TokenRequest) ([]byte, error) {
	if c.lose("endorse") {
		return nil, errLost
	}
	answer, err := c.Issuer.Endorse(ctx, r)
	if c.lose("endorsed") {
		return nil, errLost
	}
	return answer, err
}

func (c courier) Sign(ctx context.Context, r api.SignRequest) ([]byte, error) {
	if c.lose("sign") {
		return nil, errLost
	}
	answer, err := c.Issuer.Sign(ctx, r)
	if c.lose("signed") {
		return nil, errLost
	}
	return answer, err
}

// Of 500 messages and answers, lost at every stage, none makes a voter lose a
// token or a ballot, gives another receipt, or counts anything twice.
func TestFiveHundredLostAnswersChangeNothing(t *testing.T) {
	const losses, most = 500, 150
	def := sample.Definition()
	def.Zones[0].ClosesMs += 24 * 3600_000 // a block is a second
	w := newWorldOf(t, most, def)
	w.openVoting()
	w.run(w.desk("issuer-0", board{w}), w.desk("issuer-1", board{w}))
	var mu sync.Mutex
	lost, total := map[string]int{}, 0
	chance := rand.New(rand.NewPCG(4, 5))
	lose := func(stage string) bool {
		mu.Lock()
		defer mu.Unlock()
		if total == losses || chance.IntN(3) > 0 {
			return false
		}
		total++
		lost[stage]++
		return true
	}
	voters := 0
	for ; total < losses && voters < most; voters++ {
		st := w.state(voters)
		var receipt session.Cast
		// Whatever is lost, the device begins anew with what it kept.
		for tries := 0; receipt.Height == 0; tries++ {
			if tries > 100 {
				t.Fatal("never ends")
			}
			receipt = w.tryVote(voters, st, lose)
		}
		again, err := w.SubmitAndWait(context.Background(), receipt.Raw)
		w.must(err)
		w.mu.Lock()
		committed := w.txs[sha256.Sum256(receipt.Raw)]
		w.mu.Unlock()
		if again != receipt.Height || committed.height != receipt.Height || !bytes.Equal(committed.raw, receipt.Raw) {
			t.Fatalf("voter %d: the receipt is of block %d, the ballot in block %d", voters, receipt.Height, committed.height)
		}
	}
	for _, stage := range []string{
		"endorse", "endorsed", "to ledger: KIND_ISSUE_TOKEN", "from ledger: KIND_ISSUE_TOKEN", "prove", "proven", "sign", "signed",
		"to ledger: KIND_CLAIM_SIGNATURE", "from ledger: KIND_CLAIM_SIGNATURE", "claims",
		"to ledger: KIND_CAST_BALLOT", "from ledger: KIND_CAST_BALLOT",
	} {
		if lost[stage] < 5 {
			t.Errorf("%d lost at %q", lost[stage], stage)
		}
	}
	if total != losses {
		t.Fatalf("%d lost", total)
	}
	counts := w.city.Ballots.Counts(w.city.State, w.city.ID, 0)
	if n := uint64(voters); w.issued() != n || counts.Accepted != n || counts.Recasts != 0 {
		t.Fatalf("%d voters: %d issued, %d accepted, %d recasts", voters, w.issued(), counts.Accepted, counts.Recasts)
	}
}

// tryVote goes as far as the losses let it; a ballot without a height is none.
func (w *world) tryVote(voter int, st *session.State, lose func(stage string) bool) session.Cast {
	cfg := w.config(voter, st)
	ledger := lossy{w, lose}
	cfg.Ledger = ledger
	cfg.Claims = session.Claims{Ledger: ledger, Wait: cfg.Pause * 100}
	right := cfg.Access
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		a.Issuer = courier{a.Issuer, lose}
		return a, ok
	}
	if vote(cfg) != nil {
		return session.Cast{}
	}
	casts := st.Casts()
	if len(casts) != 1 {
		w.t.Fatalf("voter %d has %d ballots", voter, len(casts))
	}
	return casts[0]
}
