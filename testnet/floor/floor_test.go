package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/manifest"
)

func put(p *pool, raw string) bool { return p.add(sha256.Sum256([]byte(raw)), []byte(raw), true) }

func TestPoolGivesEachTransactionToOneBlock(t *testing.T) {
	p := newPool(3, 100)
	for _, raw := range []string{"a", "b", "a", "c"} {
		if !put(p, raw) {
			t.Fatalf("%s refused", raw)
		}
	}
	if put(p, "d") {
		t.Error("a fourth of three was taken")
	}
	if got := p.reap(); len(got) != 3 {
		t.Errorf("%d sent to peers, want 3", len(got))
	}
	if got := p.reap(); len(got) != 0 {
		t.Errorf("%d sent again", len(got))
	}
	// One byte costs three in a block: field, length, byte.
	if got := p.choose(8); len(got) != 2 || string(got[0]) != "a" || string(got[1]) != "b" {
		t.Errorf("chose %q", got)
	}
	p.remove([][]byte{[]byte("a"), []byte("elsewhere")})
	if p.size() != 2 || p.bytes != 2 {
		t.Errorf("%d wait with %d bytes", p.size(), p.bytes)
	}
	if !put(p, "a") || !put(p, "elsewhere") || p.size() != 2 {
		t.Error("a transaction that a block has waits again")
	}
}

func TestStateReadsBackOrIsRefused(t *testing.T) {
	want := tally{Height: 7, TimeMS: 8, Transactions: 9, Bytes: 10, Hash: [32]byte{11}}
	b := want.encode()
	if got, err := decodeTally(b); err != nil || got != want {
		t.Errorf("read %+v, %v", got, err)
	}
	for i := range b {
		b[i] ^= 1
		if _, err := decodeTally(b); err == nil {
			t.Fatalf("byte %d altered, and read", i)
		}
		b[i] ^= 1
	}
	if _, err := decodeTally(b[1:]); err == nil {
		t.Error("a short state was read")
	}
}

// TestNodeAcceptsEverythingAndGoesOnAfterRestart runs a real node.
func TestNodeAcceptsEverythingAndGoesOnAfterRestart(t *testing.T) {
	m := manifest.Default(time.Now())
	m.Validators, m.Observers, m.TimeoutCommit = 1, 0, 20*time.Millisecond
	dir := filepath.Join(t.TempDir(), "net")
	network, err := manifest.Write(t.Context(), dir, m, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	base := network.Nodes[0].APIURL()
	stop := start(t, filepath.Join(dir, network.Nodes[0].Home), base)

	var batch []byte
	for i := range 500 {
		batch = append(binary.AppendUvarint(batch, 40), bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20)...)
	}
	resp, err := http.Post(base+"/v1/transactions/batch", "application/octet-stream", bytes.NewReader(batch))
	if err != nil {
		t.Fatal(err)
	}
	var answer api.SubmittedBatch
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if answer.Count != 500 || len(answer.Others) != 0 {
		t.Fatalf("%+v", answer)
	}
	before := counted(t, base, func(c counts) bool { return c.Transactions == 500 })
	if before.Bytes != 500*40 {
		t.Errorf("%d bytes", before.Bytes)
	}
	stop()
	stop = start(t, filepath.Join(dir, network.Nodes[0].Home), base)
	defer stop()
	if after := counted(t, base, func(c counts) bool { return c.Height > before.Height+2 }); after.Transactions != 500 {
		t.Errorf("after a restart %d transactions", after.Transactions)
	}
}

// TestIdleChainPausesAndABusyOneDoesNot checks that the engine heeds the pace
// that it is given while it runs.
func TestIdleChainPausesAndABusyOneDoesNot(t *testing.T) {
	const idle = 600 * time.Millisecond
	m := manifest.Default(time.Now())
	m.Validators, m.Observers, m.TimeoutCommit = 1, 0, 10*time.Millisecond
	dir := filepath.Join(t.TempDir(), "net")
	network, err := manifest.Write(t.Context(), dir, m, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	base := network.Nodes[0].APIURL()
	defer start(t, filepath.Join(dir, network.Nodes[0].Home), base, "consensus.idle_pause", idle.String())()
	blocks := func(n int64) time.Duration {
		before := counted(t, base, func(counts) bool { return true })
		// A header has the time at which the block before it was agreed on.
		first := counted(t, base, func(c counts) bool { return c.Height >= before.Height+2 })
		last := counted(t, base, func(c counts) bool { return c.Height >= first.Height+n })
		return time.Duration(last.TimeMS-first.TimeMS) * time.Millisecond / time.Duration(last.Height-first.Height)
	}
	if took := blocks(3); took < idle {
		t.Errorf("an idle chain made a block every %s, want %s", took, idle)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			raw := binary.BigEndian.AppendUint64(nil, uint64(i))
			if resp, err := http.Post(base+"/v1/transactions", "application/octet-stream", bytes.NewReader(raw)); err == nil {
				resp.Body.Close()
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	if took := blocks(8); took > idle/2 {
		t.Errorf("a busy chain made a block every %s", took)
	}
}

func start(t *testing.T, dir, base string, flag ...string) (stop func()) {
	t.Helper()
	flags := map[string]string{}
	for i := 0; i < len(flag); i += 2 {
		flags[flag[i]] = flag[i+1]
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, home.Dir(dir), flags, 0, io.Discard) }()
	for {
		resp, err := http.Get(base + "/v1/health")
		if err == nil {
			resp.Body.Close()
			break
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

type counts struct {
	Height              int64
	TimeMS              int64 `json:"time_ms"`
	Transactions, Bytes uint64
}

func counted(t *testing.T, base string, enough func(counts) bool) counts {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		resp, err := http.Get(base + "/v1/floor")
		if err != nil {
			t.Fatal(err)
		}
		var c counts
		if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if enough(c) {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("it stays at %+v", c)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
