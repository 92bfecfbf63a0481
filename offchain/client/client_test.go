package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/envelope"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func newClient(t *testing.T, nodes ...string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Nodes: nodes, Backoff: time.Millisecond, Poll: time.Millisecond, Rounds: 2, Timeout: 2 * time.Second, MaxAnswer: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func TestADeadNodeIsPassedOverAndTheLivingOneRemembered(t *testing.T) {
	var busy atomic.Int32
	dead := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		busy.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	gone := "http://127.0.0.1:1"
	good := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, api.Status{ChainID: "c"}) })
	c := newClient(t, gone, dead, good)
	for range 3 {
		s, err := c.Status(t.Context())
		if err != nil || s.ChainID != "c" {
			t.Fatal(s, err)
		}
	}
	if n := busy.Load(); n != 1 {
		t.Errorf("the busy node was asked %d times, want once", n)
	}
	all := newClient(t, gone, dead)
	if _, err := all.Status(t.Context()); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("no living node: %v", err)
	}
}

func TestAnswersAreReadStrictly(t *testing.T) {
	for name, body := range map[string]string{
		"unknown member": `{"chain_id":"c","surprise":1}`,
		"trailing":       `{"chain_id":"c"}{}`,
		"no JSON":        `<html>`,
		"not hex":        `{"app_hash":"xy"}`,
		"empty":          ``,
		"too long":       `{"chain_id":"` + strings.Repeat("c", 1<<16) + `"}`,
	} {
		c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		if s, err := c.Status(t.Context()); err == nil {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func TestNotFoundIsAClassOfItsOwn(t *testing.T) {
	var asked atomic.Int32
	c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		answer(w, 404, map[string]any{"title": "Not Found", "status": 404, "detail": "no such election"})
	}))
	_, err := c.Election(t.Context(), [32]byte{1})
	if !errors.Is(err, client.ErrNotFound) || !strings.Contains(err.Error(), "no such election") || asked.Load() != 1 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

func TestARefusedTransactionSaysCodeFieldAndReason(t *testing.T) {
	raw := []byte("tx")
	hash := sha256.Sum256(raw)
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answer(w, 422, api.Submitted{Hash: hash[:], Code: 32001, Codespace: "ballot", Name: "closed", Field: "election_id", Reason: "voting has ended", Retry: true})
			return
		}
		answer(w, 200, api.TxStatus{Hash: hash[:], State: "unknown"})
	}))
	_, err := c.SubmitAndWait(t.Context(), raw)
	var refusal *client.Refusal
	if !errors.As(err, &refusal) || !errors.Is(err, client.ErrRefused) || refusal.Field != "election_id" || !refusal.Retry {
		t.Fatalf("%v", err)
	}
}

func TestAProblemThatIsNoRefusalIsNotTakenForOne(t *testing.T) {
	c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 422, map[string]any{"title": "Unprocessable Entity", "detail": "unknown query parameter"})
	}))
	_, err := c.Submit(t.Context(), []byte("tx"))
	var status *client.StatusError
	if err == nil || errors.Is(err, client.ErrRefused) || !errors.As(err, &status) || !strings.Contains(err.Error(), "unknown query parameter") {
		t.Fatal(err)
	}
}

// ledgerStub admits transactions; each takes some looks until it is in a block.
type ledgerStub struct {
	posts, looks atomic.Int32
	drop         bool // forget the first submission
}

func (l *ledgerStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		raw, _ := io.ReadAll(r.Body)
		h := sha256.Sum256(raw)
		l.posts.Add(1)
		answer(w, 200, api.Submitted{Hash: h[:]})
		return
	}
	hash, _ := hex.DecodeString(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	s := api.TxStatus{Hash: hash, State: "pending"}
	switch n := l.looks.Add(1); {
	case l.drop && l.posts.Load() < 2:
		s.State = "unknown"
	case n > 3:
		s.State, s.Height = "committed", 17
	}
	answer(w, 200, s)
}

func TestSubmitAndWaitReturnsTheBlocksHeight(t *testing.T) {
	l := &ledgerStub{}
	h, err := newClient(t, serve(t, l.ServeHTTP)).SubmitAndWait(t.Context(), []byte("tx"))
	if err != nil || h != 17 || l.posts.Load() != 1 {
		t.Fatalf("%d, %v after %d submissions", h, err, l.posts.Load())
	}
}

func TestATransactionThatAPoolDroppedIsSentAgain(t *testing.T) {
	l := &ledgerStub{drop: true}
	url := serve(t, l.ServeHTTP)
	c, err := client.New(client.Config{Nodes: []string{url}, Poll: 400 * time.Millisecond, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := c.SubmitAndWait(t.Context(), []byte("tx")); err != nil || h != 17 || l.posts.Load() != 2 {
		t.Fatalf("%d, %v after %d submissions", h, err, l.posts.Load())
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			h := sha256.Sum256([]byte("tx"))
			answer(w, 200, api.Submitted{Hash: h[:]})
			return
		}
		answer(w, 200, api.TxStatus{State: "pending"})
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.SubmitAndWait(ctx, []byte("tx")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// batches answers batches as a node does: items of odd length are refused, one
// byte alone is in a block already. It may alter what it answers.
func batches(t *testing.T, alter func(*api.SubmittedBatch)) *client.Client {
	return newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		out := api.SubmittedBatch{Others: []api.SubmittedAt{}}
		var hashes [][32]byte
		for ; len(b) > 0; out.Count++ {
			n, k := binary.Uvarint(b)
			h := sha256.Sum256(b[k : k+int(n)])
			b = b[k+int(n):]
			switch {
			case n == 1:
				out.Others = append(out.Others, api.SubmittedAt{Position: out.Count, Answer: api.Submitted{Hash: h[:]}})
			case n%2 == 1:
				out.Others = append(out.Others, api.SubmittedAt{Position: out.Count, Answer: api.Submitted{Hash: h[:], Code: 7}})
			default:
				hashes = append(hashes, h)
			}
		}
		key, root := sign.NewPrivateKey([32]byte{1}), envelope.AckTree(hashes).Root()
		public, signature := key.Public(), key.Sign(envelope.AckBytes("urna-test-1", root, uint64(len(hashes)), 3, 23))
		out.Ack = &api.BatchAcknowledgement{
			ChainID: "urna-test-1", Height: 3, Deadline: 23, Count: uint64(len(hashes)), Root: root[:], Key: public[:], Signature: signature[:],
		}
		if alter != nil {
			alter(&out)
		}
		answer(w, 200, out)
	}))
}

func TestBatchesAreAnsweredInOrderAndLimited(t *testing.T) {
	c := batches(t, nil)
	raws := [][]byte{[]byte("ab"), []byte("abc"), []byte("abcd"), []byte("a"), []byte("abcdef"), []byte("ab")}
	list, err := c.SubmitBatch(t.Context(), raws)
	if err != nil || len(list) != len(raws) {
		t.Fatal(list, err)
	}
	for i, s := range list {
		hash := sha256.Sum256(raws[i])
		if string(s.Hash) != string(hash[:]) || (s.Code != 0) != (i == 1) || (s.Ack != nil) != (i != 1 && i != 3) {
			t.Errorf("%d: %+v", i, s)
		}
		if s.Ack == nil {
			continue
		}
		if ack, err := client.Acknowledgement(s.Ack); err != nil || ack.Hash != hash || ack.Place.Size != 4 {
			t.Errorf("%d: %+v, %v", i, ack, err)
		}
	}
	if _, err := c.SubmitBatch(t.Context(), make([][]byte, client.MaxBatch+1)); err == nil {
		t.Error("an over-long batch was sent")
	}
	if _, err := c.SubmitBatch(t.Context(), [][]byte{make([]byte, client.MaxBatchBytes)}); err == nil {
		t.Error("an over-large batch was sent")
	}
}

func TestBatchWhoseAcknowledgementDoesNotFitIsNotBelieved(t *testing.T) {
	for name, alter := range map[string]func(*api.SubmittedBatch){
		"no acknowledgement":   func(b *api.SubmittedBatch) { b.Ack = nil },
		"another root":         func(b *api.SubmittedBatch) { b.Ack.Root[3] ^= 1 },
		"a short root":         func(b *api.SubmittedBatch) { b.Ack.Root = b.Ack.Root[:31] },
		"fewer":                func(b *api.SubmittedBatch) { b.Ack.Count-- },
		"another chain":        func(b *api.SubmittedBatch) { b.Ack.ChainID = "urna-test-2" },
		"another height":       func(b *api.SubmittedBatch) { b.Ack.Height, b.Ack.Deadline = 4, 24 },
		"a later deadline":     func(b *api.SubmittedBatch) { b.Ack.Deadline++ },
		"another signature":    func(b *api.SubmittedBatch) { b.Ack.Signature[1] ^= 1 },
		"a short key":          func(b *api.SubmittedBatch) { b.Ack.Key = b.Ack.Key[1:] },
		"another count":        func(b *api.SubmittedBatch) { b.Count++ },
		"one left out":         func(b *api.SubmittedBatch) { b.Others = b.Others[1:] },
		"one that is not sent": func(b *api.SubmittedBatch) { b.Others[0].Position = 5 },
		"one twice":            func(b *api.SubmittedBatch) { b.Others = append(b.Others, b.Others[0]) },
	} {
		list, err := batches(t, alter).SubmitBatch(t.Context(), [][]byte{[]byte("ab"), []byte("abc"), []byte("abcd")})
		if err == nil {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

func TestBlocksAreSplitAndCutOffOnesRefused(t *testing.T) {
	body := "\x03abc\x01d"
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
	got, err := c.Blocks(t.Context(), 5, 9)
	if err != nil || fmt.Sprintf("%s", got) != "[abc d]" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := c.Blocks(t.Context(), 5, 5); err == nil {
		t.Error("two blocks for one were taken")
	}
	for _, bad := range []string{"\x04abc", "\x00", "\x80"} {
		body = bad
		if got, err := c.Blocks(t.Context(), 1, 9); err == nil {
			t.Errorf("%q read as %q", bad, got)
		}
	}
}

func TestWithoutAGenesisNothingIsProven(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1")
	if _, err := c.Proven(t.Context(), [32]byte{1}); err == nil {
		t.Error("an answer without trust was taken")
	}
	if _, _, err := c.Receipt(t.Context(), [32]byte{1}); err == nil {
		t.Error("a receipt without trust was taken")
	}
}

func TestStrangeNodeAddressesAreRefused(t *testing.T) {
	for _, n := range []string{"", "node:80", "ftp://x", "http://", "http://a@b", "http://x?y=1"} {
		if _, err := client.New(client.Config{Nodes: []string{n}}); err == nil {
			t.Errorf("%q was taken", n)
		}
	}
	if _, err := client.New(client.Config{}); err == nil {
		t.Error("no node was taken")
	}
}
