package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/snapshot"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// keeper is a node that writes a snapshot every few blocks.
func keeper(t testing.TB, fs vfs.FS, every int64, rest func()) *node {
	t.Helper()
	a, err := app.NewWith(app.Config{
		Dir: "data", FS: fs, ChainID: chainID, Workers: 2, CacheBytes: 1 << 20,
		Snapshots: app.Snapshots{Interval: every, Keep: 2, Rest: rest},
	}, trialRules(false))
	if err != nil {
		t.Fatal(err)
	}
	return &node{t: t, app: a, fs: fs, timeMS: startMS}
}

// offered waits until a snapshot of a height is offered.
func (n *node) offered(height uint64) *abci.Snapshot {
	n.t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		r, err := n.app.ListSnapshots(ctx, &abci.RequestListSnapshots{})
		if err != nil {
			n.t.Fatal(err)
		}
		for _, s := range r.Snapshots {
			if s.Height == height {
				return s
			}
		}
	}
	n.t.Fatalf("no snapshot of height %d", height)
	return nil
}

func (n *node) chunk(s *abci.Snapshot, i int) []byte {
	n.t.Helper()
	r, err := n.app.LoadSnapshotChunk(ctx, &abci.RequestLoadSnapshotChunk{Height: s.Height, Format: s.Format, Chunk: uint32(i)})
	if err != nil || r.Chunk == nil {
		n.t.Fatalf("chunk %d: %v", i, err)
	}
	return r.Chunk
}

func (n *node) offer(s *abci.Snapshot, appHash []byte) abci.ResponseOfferSnapshot_Result {
	n.t.Helper()
	r, err := n.app.OfferSnapshot(ctx, &abci.RequestOfferSnapshot{Snapshot: s, AppHash: appHash})
	if err != nil {
		n.t.Fatal(err)
	}
	return r.Result
}

func (n *node) apply(i int, chunk []byte, sender string) *abci.ResponseApplySnapshotChunk {
	n.t.Helper()
	r, err := n.app.ApplySnapshotChunk(ctx, &abci.RequestApplySnapshotChunk{Index: uint32(i), Chunk: chunk, Sender: sender})
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// join begins with a snapshot of another node.
func (n *node) join(from *node, s *abci.Snapshot, appHash []byte) {
	n.t.Helper()
	if r := n.offer(s, appHash); r != abci.ResponseOfferSnapshot_ACCEPT {
		n.t.Fatalf("offer: %s", r)
	}
	for i := range int(s.Chunks) {
		if r := n.apply(i, from.chunk(s, i), "peer"); r.Result != abci.ResponseApplySnapshotChunk_ACCEPT {
			n.t.Fatalf("chunk %d: %s", i, r.Result)
		}
	}
	info, err := n.app.Info(ctx, &abci.RequestInfo{})
	if err != nil || info.LastBlockHeight != int64(s.Height) || !bytes.Equal(info.LastBlockAppHash, appHash) {
		n.t.Fatalf("stands at %d with %x, %v; want %d with %x", info.LastBlockHeight, info.LastBlockAppHash, err, s.Height, appHash)
	}
	n.height, n.timeMS = int64(s.Height), startMS+1000*int64(s.Height)
}

// running is a node with a snapshot of its last height.
func running(t testing.TB) (*node, *abci.Snapshot, []byte) {
	t.Helper()
	n := keeper(t, vfs.NewMem(), 8, nil)
	n.initChain(trialGenesis())
	for i := range 8 {
		n.block(sorted(t, note(t, i), proof(t, id(1, 100+i)))...)
	}
	return n, n.offered(8), n.appHash()
}

func TestNodeThatBeginsWithASnapshotDecidesLikeTheOthers(t *testing.T) {
	old, s, hash := running(t)
	defer old.close()
	fs := vfs.NewMem()
	fresh := keeper(t, fs, 8, nil)
	fresh.join(old, s, hash)
	for i := range 9 {
		txs := sorted(t, note(t, 50+i), proof(t, id(1, 200+i)))
		if fresh.process(note(t, 3)) {
			t.Fatal("a note that was taken before the snapshot is taken again")
		}
		if a, b := old.block(txs...), fresh.block(txs...); !bytes.Equal(a.AppHash, b.AppHash) {
			t.Fatalf("height %d: %x and %x", old.height, a.AppHash, b.AppHash)
		}
	}
	// Its own snapshots are those of the others.
	if a, b := old.offered(16), fresh.offered(16); !bytes.Equal(a.Hash, b.Hash) {
		t.Fatal("two snapshots of one height")
	}
	fresh.close()
	again := openNode(t, fs, trialRules(false))
	defer again.close()
	if again.height != 17 || !bytes.Equal(again.appHash(), old.appHash()) {
		t.Fatalf("opened again at %d", again.height)
	}
	v := again.app.View()
	defer v.Close()
	if err := v.Audit(); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotOfNobodyOrOfAnotherStateIsRefused(t *testing.T) {
	old, s, hash := running(t)
	defer old.close()
	n := keeper(t, vfs.NewMem(), 0, nil)
	defer n.close()
	with := func(change func(*abci.Snapshot)) *abci.Snapshot {
		c := *s
		c.Metadata = bytes.Clone(s.Metadata)
		change(&c)
		return &c
	}
	relabel := func(c *abci.Snapshot) { h := snapshot.Hash(c.Metadata); c.Hash = h[:] }
	other := sha256.Sum256(hash)
	for name, c := range map[string]struct {
		s    *abci.Snapshot
		hash []byte
		want abci.ResponseOfferSnapshot_Result
	}{
		"another format":    {with(func(c *abci.Snapshot) { c.Format = 2 }), hash, abci.ResponseOfferSnapshot_REJECT_FORMAT},
		"another state":     {s, other[:], abci.ResponseOfferSnapshot_REJECT_SENDER},
		"no hash":           {s, nil, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"another height":    {with(func(c *abci.Snapshot) { c.Height++ }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"more chunks":       {with(func(c *abci.Snapshot) { c.Chunks++ }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"another name":      {with(func(c *abci.Snapshot) { c.Hash = other[:] }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"altered manifest":  {with(func(c *abci.Snapshot) { c.Metadata[30] ^= 1; relabel(c) }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"manifest cut off":  {with(func(c *abci.Snapshot) { c.Metadata = c.Metadata[:200]; relabel(c) }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"digest altered":    {with(func(c *abci.Snapshot) { c.Metadata[len(c.Metadata)-100] ^= 1; relabel(c) }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"no manifest":       {with(func(c *abci.Snapshot) { c.Metadata = nil; relabel(c) }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"billions of items": {with(func(c *abci.Snapshot) { binary.BigEndian.PutUint32(c.Metadata[124:], 1<<31); relabel(c) }), hash, abci.ResponseOfferSnapshot_REJECT_SENDER},
	} {
		if got := n.offer(c.s, c.hash); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	n.join(old, s, hash)
}

func TestAlteredChunkIsFetchedAgainFromOthers(t *testing.T) {
	old, s, hash := running(t)
	defer old.close()
	n := keeper(t, vfs.NewMem(), 0, nil)
	defer n.close()
	if r := n.apply(0, old.chunk(s, 0), "early"); r.Result != abci.ResponseApplySnapshotChunk_ABORT {
		t.Fatalf("a chunk of no snapshot: %s", r.Result)
	}
	n.offer(s, hash)
	for i := range int(s.Chunks) {
		right := old.chunk(s, i)
		for _, wrong := range [][]byte{flip(right, 0), flip(right, len(right)/2), flip(right, -1), right[:len(right)-1], append(bytes.Clone(right), 0), nil, old.chunk(s, (i+1)%int(s.Chunks))} {
			r := n.apply(i, wrong, "liar")
			if r.Result != abci.ResponseApplySnapshotChunk_RETRY || len(r.RefetchChunks) != 1 || r.RefetchChunks[0] != uint32(i) || len(r.RejectSenders) != 1 || r.RejectSenders[0] != "liar" {
				t.Fatalf("chunk %d altered: %+v", i, r)
			}
		}
		if v := n.app.View(); v.Began() {
			t.Fatal("half a state is read")
		} else {
			v.Close()
		}
		if r := n.apply(i, right, "peer"); r.Result != abci.ResponseApplySnapshotChunk_ACCEPT {
			t.Fatalf("chunk %d: %s", i, r.Result)
		}
	}
	if !bytes.Equal(n.appHash(), hash) {
		t.Fatal("another state")
	}
}

func TestRestoreThatWasNotFinishedLeavesNothing(t *testing.T) {
	old, s, hash := running(t)
	defer old.close()
	fs := vfs.NewMem()
	n := keeper(t, fs, 0, nil)
	n.offer(s, hash)
	n.apply(0, old.chunk(s, 0), "peer")
	n.close()
	n = keeper(t, fs, 0, nil)
	defer n.close()
	if v := n.app.View(); v.Began() || v.Reader().Get(prefixHeight.Key()) != nil {
		t.Fatal("half a state is read")
	} else {
		v.Close()
	}
	// It can begin with a genesis, or with a snapshot after all; also when the
	// engine lost what the application has.
	n.initChain(trialGenesis())
	n.join(old, s, hash)
	n.offer(s, hash)
	n.join(old, s, hash)
}

// A snapshot takes as long as it takes; blocks do not wait for it, and it is of
// the height at which it was begun.
func TestBlocksGoOnWhileASnapshotIsWritten(t *testing.T) {
	gate, rests := make(chan struct{}), make(chan struct{}, 1)
	n := keeper(t, vfs.NewMem(), 5, func() {
		select {
		case rests <- struct{}{}:
		default:
		}
		<-gate
	})
	defer n.close()
	n.initChain(trialGenesis())
	var hash []byte
	for i := range 23 {
		n.block(sorted(t, note(t, i), proof(t, id(1, 100+i)))...)
		if n.height == 5 {
			hash = n.appHash()
			<-rests // it is being written, and waits
		}
	}
	if r, err := n.app.ListSnapshots(ctx, &abci.RequestListSnapshots{}); err != nil || len(r.Snapshots) != 0 {
		t.Fatalf("a snapshot that is not finished is offered: %v, %v", r, err)
	}
	close(gate)
	s := n.offered(5)
	fresh := keeper(t, vfs.NewMem(), 0, nil)
	defer fresh.close()
	fresh.join(n, s, hash)
	// Then the next are written, as soon as there is time for them.
	for newer := false; !newer; {
		n.block()
		r, err := n.app.ListSnapshots(ctx, &abci.RequestListSnapshots{})
		if err != nil || n.height > 100_000 {
			t.Fatalf("at height %d there are snapshots %v, %v", n.height, r, err)
		}
		newer = r.Snapshots[0].Height > 5
	}
}

// The whole state of an election in the middle of voting goes into a snapshot.
func TestElectionGoesOnFromASnapshot(t *testing.T) {
	w := newWorld(t, true)
	defer w.n.close()
	w.create()
	w.makeKey()
	w.stage(12)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var voters []*voter
	var issues [][]byte
	for i := range 11 {
		v := w.voter(0, i)
		voters, issues = append(voters, v), append(issues, w.issue(v))
	}
	w.must(issues...)
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	forms := w.forms()
	casts := func(choice int) (out [][]byte) {
		for _, v := range voters {
			out = append(out, w.cast(forms[v.style], v, choice))
		}
		return out
	}
	for _, v := range voters {
		w.collect(v)
	}
	w.must(casts(0)...)
	middle := w.n.height
	w.block(2_000)
	w.must(casts(1)...)
	w.count()

	replay := func(n *node) {
		for h := n.height; h < int64(len(w.blocks)); h++ {
			b := w.blocks[h]
			n.timeMS = b.TimeMS - 1000
			if r := n.block(b.Txs...); !bytes.Equal(r.AppHash, b.AppHash) {
				t.Fatalf("height %d: %x, want %x", h+1, r.AppHash, b.AppHash)
			}
		}
	}
	open := func() *node {
		a, err := app.New(app.Config{Dir: "data", FS: vfs.NewMem(), ChainID: chainID, Workers: 2, CacheBytes: 1 << 20, Snapshots: app.Snapshots{Interval: middle, Keep: 1}})
		if err != nil {
			t.Fatal(err)
		}
		return &node{t: t, app: a, timeMS: startMS}
	}
	old := open()
	defer old.close()
	old.initChain(worldGenesis())
	replay(old)
	fresh := open()
	defer fresh.close()
	fresh.join(old, old.offered(uint64(middle)), w.blocks[middle-1].AppHash)
	replay(fresh)
	v := fresh.app.View()
	defer v.Close()
	if _, err := v.Summary(w.id); err != nil {
		t.Fatal(err)
	}
	if err := v.Audit(); err != nil {
		t.Fatal(err)
	}
}
