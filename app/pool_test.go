package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// submit submits what a pool may refuse.
func (n *node) submit(raws ...[]byte) []mempool.Answer {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return n.app.Pool().Submit(ctx, mempool.Source{Group: "test"}, raws)
}

// alarms counts what a person would have to see to.
type alarms struct {
	slog.Handler
	seen int
}

func (a *alarms) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		a.seen++
	}
	return nil
}

func (a *alarms) Enabled(context.Context, slog.Level) bool { return true }

// Whatever other proposers' blocks take of what waits here, every proposal is
// right at once, by another node too, and nothing right is forgotten.
func TestProposalsFromThePoolAreRightWhateverBlocksTake(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	said := &alarms{Handler: slog.DiscardHandler}
	a, err := app.NewWith(app.Config{Dir: "data", FS: vfs.NewMem(), ChainID: chainID, Workers: 2, CacheBytes: 1 << 20, Logger: slog.New(said)}, trialRules(false))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, app: a, timeMS: startMS}
	n.initChain(trialGenesis())
	defer n.close()
	other := startNode(t, vfs.NewMem(), trialRules(false))
	defer other.close()
	accepted, in := map[string]int{}, map[string]bool{}
	next := 0
	for range 40 {
		var fresh [][]byte
		for range random.IntN(12) {
			next++
			of := id(1, next-random.IntN(4))
			fresh = append(fresh, [][]byte{signed(t, kindNote, of), proof(t, of), signed(t, kindQuota, of)}[random.IntN(3)])
		}
		for i, answer := range n.submit(fresh...) {
			if answer.Refusal == nil {
				accepted[string(fresh[i])] = next
			}
		}
		block := n.prepare()
		if !other.process(block...) {
			t.Fatal("another node refuses a proposal from the pool")
		}
		if random.IntN(2) == 0 { // another's proposal is decided, which takes what waits here
			block = nil
			if random.IntN(3) > 0 {
				block = other.prepare(proof(t, id(1, next)), note(t, next-1), note(t, next-2))
			}
			if !n.process(block...) {
				t.Fatal("this node refuses another's proposal")
			}
		}
		n.block(block...)
		other.block(block...)
		for _, raw := range block {
			in[string(raw)] = true
		}
	}
	for range 100 { // the rest, two quotas at a time
		block := n.prepare()
		n.block(block...)
		other.block(block...)
		for _, raw := range block {
			in[string(raw)] = true
		}
	}
	if got := n.app.Pool().Size(); got != 0 {
		t.Errorf("%d still wait", got)
	}
	for raw := range accepted {
		_, why := n.app.Pool().Status(envelope.Hash([]byte(raw)))
		if !in[raw] && (why == nil || why.Code != codeTaken) {
			t.Errorf("a transaction that was accepted is in no block: %v", why)
		}
	}
	if said.seen != 0 {
		t.Errorf("%d alarms", said.seen)
	}
	if !bytes.Equal(n.appHash(), other.appHash()) {
		t.Error("two nodes, two hashes")
	}
}

func TestBallotThatReachesNoBlockBeforeTheCloseIsDroppedWithTheReason(t *testing.T) {
	w, _, casts := voting(t, 4)
	defer w.n.close()
	for i, answer := range w.n.submit(casts...) {
		if answer.Refusal != nil {
			t.Fatalf("ballot %d: %v", i, answer.Refusal)
		}
	}
	accepts := func() bool {
		r, err := w.n.app.CheckRaw(casts[0])
		if err != nil {
			t.Fatal(err)
		}
		return r == nil
	}
	for accepts() { // others propose empty blocks until the close
		w.n.timeMS += 20_000
		w.n.block()
	}
	pool := w.n.app.Pool()
	for _, raw := range casts {
		var dropped *ledger.Refusal
		for end := time.Now().Add(5 * time.Second); dropped == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
			_, dropped = pool.Status(envelope.Hash(raw))
		}
		if dropped == nil || dropped.Code != ballot.CodePhase {
			t.Errorf("dropped for %v", dropped)
		}
	}
	if got := pool.Size(); got != 0 {
		t.Errorf("%d still wait", got)
	}
}

func TestPeersTransactionIsTakenJudgedAndProposed(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	good, bad := note(t, 1), proof(t, id(0xff, 2))
	for _, raw := range [][]byte{good, bad, good, []byte("garbage")} {
		r, err := n.app.InsertTx(ctx, &abci.RequestInsertTx{Tx: raw})
		if err != nil || r.Code != 0 {
			t.Fatalf("%v, %v: the engine would not bring it again", r, err)
		}
	}
	for end := time.Now().Add(5 * time.Second); n.app.Pool().Size() != 1 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := n.prepare(); len(got) != 1 || !bytes.Equal(got[0], good) {
		t.Fatalf("%d transactions proposed", len(got))
	}
	if r, err := n.app.ReapTxs(ctx, &abci.RequestReapTxs{}); err != nil || len(r.Txs) != 0 {
		t.Errorf("what a peer sent is sent back: %d, %v", len(r.GetTxs()), err)
	}
	own := note(t, 3)
	if r, err := n.app.CheckTx(ctx, &abci.RequestCheckTx{Tx: own}); err != nil || r.Code != 0 {
		t.Fatal(r, err)
	}
	if r, err := n.app.ReapTxs(ctx, &abci.RequestReapTxs{}); err != nil || len(r.Txs) != 1 || !bytes.Equal(r.Txs[0], own) {
		t.Errorf("own transaction: %v, %v", r, err)
	}
}
