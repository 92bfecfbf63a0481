package mempool_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	codeSpent  = ledger.NewCode("mempool-test", ledger.RetryFrom, "spent")
	codeClosed = ledger.NewCode("mempool-test", ledger.RetryFrom+1, "closed")
	codeUsedUp = ledger.NewCode("mempool-test", ledger.RetryFrom+2, "used-up")
	codeProof  = ledger.NewCode("mempool-test", 1, "proof")
)

// ledgerOf is a judge over a small state. A transaction is words: the election,
// the key it spends, what is to become of it ("good", "bad": its proof does not
// hold, "fault": the program fails on it), and anything.
type ledgerOf struct {
	mu     sync.RWMutex
	state  map[string][]byte
	height int64
	// committed transactions.
	committed map[[32]byte]bool
	// each is how long verifying one takes.
	each  time.Duration
	batch func(n int)

	looked, verified atomic.Int64
}

func newLedger(elections ...string) *ledgerOf {
	l := &ledgerOf{state: map[string][]byte{}, committed: map[[32]byte]bool{}}
	for _, e := range elections {
		l.state["open/"+e] = []byte{1}
		l.state["left/"+e] = binary.BigEndian.AppendUint64(nil, 1<<40)
	}
	return l
}

func (l *ledgerOf) Get(key []byte) []byte { return l.state[string(key)] }

func (l *ledgerOf) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	for k, v := range l.state {
		if strings.HasPrefix(k, string(prefix)) && !visit([]byte(k), v) {
			return
		}
	}
}

func (l *ledgerOf) IterateFrom(prefix, _ []byte, visit func(key, value []byte) bool) {
	l.Iterate(prefix, visit)
}

// judge is the rule: the election is open, the key not spent, ballots are left.
func (l *ledgerOf) judge(r ledger.Reader, raw []byte) (d ledger.Demands, err error) {
	words := strings.Fields(string(raw))
	if r.Get([]byte("open/"+words[0])) == nil {
		return d, codeClosed.Refuse("election", "closed")
	}
	if r.Get([]byte("spent/"+words[1])) != nil {
		return d, codeSpent.Refuse("key", "spent")
	}
	left := binary.BigEndian.Uint64(ledger.Aside(r).Get([]byte("left/" + words[0])))
	if left == 0 {
		return d, codeUsedUp.Refuse("election", "none left")
	}
	d.Claims = []string{"key:" + words[1]}
	d.Quotas = []ledger.Quota{{Name: "left/" + words[0], Left: left}}
	return d, nil
}

func (l *ledgerOf) Look(txs []mempool.Tx) []mempool.Verdict {
	l.mu.RLock()
	defer l.mu.RUnlock()
	l.looked.Add(int64(len(txs)))
	out := make([]mempool.Verdict, len(txs))
	for i, tx := range txs {
		if strings.Contains(string(tx.Raw), "fault") {
			panic("a fault that a stranger found")
		}
		trace := mempool.NewTrace(l)
		d, err := l.judge(trace, tx.Raw)
		out[i] = mempool.Verdict{Demands: d, Height: l.height, Reads: trace.Reads(), Work: 1000,
			Opened: &txn.Opened{Tx: &ledger.Tx{Hash: tx.Hash, Raw: tx.Raw}}}
		if err != nil {
			out[i].Refusal, out[i].Committed = err.(*ledger.Refusal), l.committed[tx.Hash]
		}
	}
	return out
}

func (l *ledgerOf) Verify(vs []*mempool.Verdict) {
	if l.batch != nil {
		l.batch(len(vs))
	}
	l.verified.Add(int64(len(vs)))
	time.Sleep(time.Duration(len(vs)) * l.each)
	for _, v := range vs {
		if strings.Contains(string(v.Opened.Tx.Raw), "bad") || strings.Contains(string(v.Opened.Tx.Raw), "forged") {
			v.Refusal = codeProof.Refuse("proof", "bad").(*ledger.Refusal)
		}
	}
}

// Sift finds what is "forged".
func (l *ledgerOf) Sift(vs []*mempool.Verdict) {
	for _, v := range vs {
		if strings.Contains(string(v.Opened.Tx.Raw), "forged") {
			v.Refusal = codeProof.Refuse("signature", "forged").(*ledger.Refusal)
		}
	}
}

type changes map[string]bool

func (c changes) Wrote(key string) bool { return c[key] }

// block commits transactions, and what else changes the state.
func (l *ledgerOf) block(p *mempool.Pool, roomy bool, raws [][]byte, also map[string][]byte) {
	l.mu.Lock()
	l.height++
	b := mempool.Block{Height: l.height, Roomy: roomy}
	wrote := changes{}
	set := func(k string, v []byte) {
		wrote[k] = true
		if l.state[k] = v; v == nil {
			delete(l.state, k)
		}
	}
	for k, v := range also {
		set(k, v)
	}
	for _, raw := range raws {
		words := strings.Fields(string(raw))
		set("spent/"+words[1], []byte{1})
		left := binary.BigEndian.Uint64(l.state["left/"+words[0]])
		set("left/"+words[0], binary.BigEndian.AppendUint64(nil, left-1))
		b.Hashes = append(b.Hashes, envelope.Hash(raw))
		l.committed[envelope.Hash(raw)] = true
	}
	b.Change = wrote
	l.mu.Unlock()
	p.Commit(b)
}

func open(t testing.TB, l *ledgerOf, limits mempool.Limits) *mempool.Pool {
	t.Helper()
	p := mempool.New(mempool.Config{Judge: l, Limits: limits})
	t.Cleanup(p.Close)
	return p
}

var roomyLimits = mempool.Limits{Size: 20_000, Bytes: 64 << 20}

func tx(election string, key int, what string) []byte {
	return fmt.Appendf(nil, "%s %d %s", election, key, what)
}

func from(name string) mempool.Source { return mempool.Source{Group: name, Name: name + ":1"} }

func submit(t testing.TB, p *mempool.Pool, source string, raws ...[]byte) []mempool.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return p.Submit(ctx, from(source), raws)
}

// right submits what must be right.
func right(t testing.TB, p *mempool.Pool, source string, raws ...[]byte) {
	t.Helper()
	for i, a := range submit(t, p, source, raws...) {
		if a.Refusal != nil {
			t.Fatalf("%s: %v", raws[i], a.Refusal)
		}
	}
}

func waits(p *mempool.Pool, raw []byte) bool {
	w, _ := p.Status(envelope.Hash(raw))
	return w
}

func candidates(p *mempool.Pool) []string {
	var out []string
	for _, o := range p.Candidates(1<<30, 6, 10_000, 1<<40) {
		out = append(out, string(o.Tx.Raw))
	}
	return out
}

// eventually waits for what the collector does by itself.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}
