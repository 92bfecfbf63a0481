package app_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// spoiled makes a ballot that is wrong in its proof alone, each variant another:
// the dearest to refuse.
func spoiled(t testing.TB, cast []byte, key sign.PrivateKey, variant int) []byte {
	tx, err := envelope.Decode(cast, chainID)
	if err != nil {
		t.Fatal(err)
	}
	m := ledger.MustDecode[ballotv1.CastBallot](tx.Body)
	at := len(m.Proof) - 32 // the low bytes of its last scalar: it stays canonical
	m.Proof[at] ^= byte(variant)
	m.Proof[at+1] ^= byte(variant >> 8)
	m.Proof[at+2] ^= 1
	raw, err := envelope.Encode(chainID, tx.Kind, ledger.MustEncode(m), key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// T15: ballots with false proofs, as fast as this machine takes them, from
// voters with tokens; of the others at least 99 of 100 are in a block in time.
func TestGoodBallotsReachABlockWithinAFlood(t *testing.T) {
	const bad, good = 40, 100
	w, voters, casts := voting(t, bad+good)
	defer w.n.close()
	pool := w.n.app.Pool()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var refused atomic.Int64
	for c := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; ctx.Err() == nil; n++ {
				var flood [][]byte
				for i := c; i < bad; i += 4 {
					flood = append(flood, spoiled(t, casts[i], voters[i].key, n))
				}
				for _, a := range pool.Submit(ctx, mempool.Source{Group: "one address", Name: fmt.Sprint("flooder ", c)}, flood) {
					if a.Refusal != nil && a.Refusal.Code.Module == "ballot" {
						refused.Add(1)
					}
				}
			}
		}()
	}
	time.Sleep(200 * time.Millisecond)
	var submitted [good]time.Time
	for i := range good {
		wg.Add(1)
		submitted[i] = time.Now()
		go func() {
			defer wg.Done()
			from := mempool.Source{Group: "one address", Name: fmt.Sprint("voter ", i)}
			for a := (mempool.Answer{RetryAfter: 1}); a.RetryAfter > 0 && ctx.Err() == nil; {
				if a = pool.Submit(ctx, from, [][]byte{casts[bad+i]})[0]; a.RetryAfter > 0 {
					time.Sleep(a.RetryAfter)
				} else if a.Refusal != nil {
					t.Errorf("ballot %d: %v", i, a.Refusal)
				}
			}
		}()
		time.Sleep(5 * time.Millisecond)
	}
	position := map[string]int{}
	for i := range good {
		position[string(casts[bad+i])] = i
	}
	inTime := 0
	for len(position) > 0 && time.Since(submitted[good-1]) < 5*time.Second {
		time.Sleep(100 * time.Millisecond)
		txs := w.n.prepare()
		w.n.block(txs...)
		for _, raw := range txs {
			i, ours := position[string(raw)]
			if !ours {
				t.Fatal("a ballot of the flood is in a block")
			}
			if delete(position, string(raw)); time.Since(submitted[i]) <= 5*time.Second {
				inTime++
			}
		}
	}
	stop()
	wg.Wait()
	t.Logf("%d of %d in time, %d false ones refused meanwhile", inTime, good, refused.Load())
	if inTime < good*99/100 {
		t.Errorf("%d of %d good ballots are in blocks within 5 s", inTime, good)
	}
	if refused.Load() == 0 {
		t.Error("there was no flood")
	}
}
