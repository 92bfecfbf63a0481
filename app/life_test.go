package app_test

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
)

func initRequest(state string) *abci.RequestInitChain {
	return &abci.RequestInitChain{ChainId: chainID, Time: time.UnixMilli(startMS), AppStateBytes: []byte(state), InitialHeight: 1}
}

func TestGenesisBeginsAgainOnlyAsItBegan(t *testing.T) {
	fs := vfs.NewMem()
	n := openNode(t, fs, trialRules(false))
	if r := n.check(note(t, 1)); r.Code < 32000 {
		t.Fatalf("before the genesis: %s", r.Log)
	}
	first, err := n.app.InitChain(ctx, initRequest(trialGenesis()))
	if err != nil {
		t.Fatal(err)
	}
	n.close() // stopped before its first block: the engine asks again
	n = openNode(t, fs, trialRules(false))
	defer n.close()
	again, err := n.app.InitChain(ctx, initRequest(trialGenesis()))
	if err != nil || !bytes.Equal(first.AppHash, again.AppHash) {
		t.Fatalf("%x, %v, want %x", again.GetAppHash(), err, first.AppHash)
	}
	for name, req := range map[string]*abci.RequestInitChain{
		"a real election":  initRequest(strings.Replace(trialGenesis(), "true", "false", 1)),
		"unknown rules":    initRequest(strings.Replace(trialGenesis(), `"rules":1`, `"rules":2`, 1)),
		"unknown member":   initRequest(strings.Replace(trialGenesis(), `"rules":1`, `"rules":1,"x":1`, 1)),
		"another chain":    {ChainId: "another-0011223344556677", Time: time.UnixMilli(startMS), AppStateBytes: []byte(trialGenesis())},
		"another time":     {ChainId: chainID, Time: time.UnixMilli(startMS + 1), AppStateBytes: []byte(trialGenesis())},
		"another height":   {ChainId: chainID, Time: time.UnixMilli(startMS), AppStateBytes: []byte(trialGenesis()), InitialHeight: 5},
		"no state":         {ChainId: chainID, Time: time.UnixMilli(startMS)},
		"commission of no": initRequest(`{"rehearsal":true,"rules":1,"commission":{"quorum":1}}`),
	} {
		if _, err := n.app.InitChain(ctx, req); err == nil {
			t.Errorf("%s: accepted over the first genesis", name)
		}
	}
	n.block(note(t, 1))
	if _, err := n.app.InitChain(ctx, initRequest(trialGenesis())); err == nil {
		t.Error("a chain at height 1 begins again")
	}
}

// Checks, proposals and readers go on beside blocks, and each sees one height.
func TestReadersRunBesideBlocks(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	var done atomic.Bool
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; !done.Load(); i++ {
				switch worker {
				case 0:
					if r, err := n.app.CheckTx(ctx, &abci.RequestCheckTx{Tx: flip(note(t, i%60), -1)}); err != nil || r.Code == 0 {
						t.Error(r, err)
					}
				case 1:
					if _, err := n.app.CheckRaw(proof(t, id(1, 100+i%60))); err != nil {
						t.Error(err)
					}
				default:
					readView(t, n.app)
				}
			}
		}()
	}
	for i := range 60 {
		txs := n.prepare(note(t, i), proof(t, id(1, 100+i)))
		if len(txs) != 2 || !n.process(txs...) {
			t.Error("a right block is refused")
		}
		n.block(txs...)
	}
	done.Store(true)
	wg.Wait()
}

func readView(t *testing.T, a *app.App) {
	v := a.View()
	defer v.Close()
	if v.Leaves().AppHash() != v.AppHash || v.Leaves().LogSize != uint64(v.Height) {
		t.Error("a view mixes two heights")
	}
	for _, e := range v.Elections() {
		if _, err := v.Summary(e); err != nil {
			t.Error(err)
		}
	}
	if p, err := a.Proven(v.Height); err == nil {
		p.Close()
	}
}

// The disk fails under a commit: nothing is acknowledged, every later step says
// why, and the chain goes on from the last height when the disk works again.
func TestFailingDiskStopsTheApplication(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var broken atomic.Bool
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errorfs.ErrInjected
		}
		return nil
	}))
	n := startNode(t, fs, trialRules(false))
	n.block(note(t, 1))
	if _, err := n.finalize(note(t, 2)); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	if _, err := n.app.Commit(ctx, &abci.RequestCommit{}); err == nil || !strings.Contains(err.Error(), "disk") {
		t.Fatalf("commit on a broken disk: %v", err)
	}
	if _, err := n.app.Info(ctx, &abci.RequestInfo{}); err == nil || n.app.Failure() == nil {
		t.Fatal("a stopped application answers")
	}
	n.close() // a stopped application still ends
	again := openNode(t, mem.CrashClone(vfs.CrashCloneCfg{}), trialRules(false))
	defer again.close()
	if again.height != 1 {
		t.Fatalf("goes on from %d, want 1", again.height)
	}
	again.block(note(t, 2))
}

func TestQueryTellsTheHashOfAHeight(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	first := n.block(note(t, 1))
	n.block()
	r, err := n.app.Query(ctx, &abci.RequestQuery{Path: "height", Data: []byte{0, 0, 0, 0, 0, 0, 0, 1}})
	if err != nil || r.Code != 0 || !bytes.Equal(r.Value, first.AppHash) {
		t.Fatalf("%v, %v", r, err)
	}
	for _, q := range []*abci.RequestQuery{{Path: "state"}, {Path: "height", Data: []byte{1}}, {Path: "height", Data: []byte{0, 0, 0, 0, 0, 0, 0, 9}}} {
		if r, err := n.app.Query(ctx, q); err != nil || r.Code == 0 {
			t.Errorf("%v is answered: %v, %v", q, r, err)
		}
	}
}
