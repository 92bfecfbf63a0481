package session_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
)

// 256 sessions at once, eight devices for each entry, many aborted and begun
// anew, while the gateways restart: no gateway signs more messages than there
// are issuances, and nothing that is replayed afterwards gets another signature.
func TestSignaturesNeverExceedIssuancesOver256ConcurrentSessions(t *testing.T) {
	const entries, devices = 32, 8
	w := newWorld(t, entries)
	states := make([]*session.State, entries*devices)
	for i := range states {
		states[i] = w.state(i % entries)
	}
	ctx := context.Background()
	stop := make(chan struct{})
	var restarts, wg sync.WaitGroup
	restarts.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			w.block()
			for _, g := range w.gateways {
				g.restart()
			}
		}
	})
	won := make([]int, entries)
	var mu sync.Mutex
	for i, st := range states {
		wg.Go(func() {
			chance := rand.New(rand.NewPCG(1, uint64(i)))
			for range 3 {
				ctx, cancel := context.WithCancel(ctx)
				// Some stop at a message, as if the device was switched off.
				messages, at := 0, chance.IntN(12)
				cfg := w.config(i%entries, st)
				cfg.Save = func(*session.State) error {
					if messages++; messages == at {
						cancel()
					}
					return nil
				}
				s, err := session.New(ctx, cfg)
				if err == nil {
					err = s.Token(ctx)
				}
				cancel()
				if err == nil {
					mu.Lock()
					won[i%entries]++
					mu.Unlock()
				}
				if err == nil || issuer.Refused(err, "other-record") {
					return
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	restarts.Wait()
	issued := w.issued()
	for voter, n := range won {
		if n > 1 {
			t.Errorf("voter %d has %d tokens", voter, n)
		}
	}
	if issued > entries || issued == 0 || w.wire.mostSigned() > int(issued) {
		t.Fatalf("%d issued of %d, a gateway signed %d messages", issued, entries, w.wire.mostSigned())
	}
	// Every device now asks every gateway to sign its message under every record.
	replayed := w.replay(states)
	if w.wire.mostSigned() > int(issued) {
		t.Fatalf("%d issued, a gateway signed %d messages after %d replays", issued, w.wire.mostSigned(), replayed)
	}
}

// replay asks each gateway for the message of each state, with the issuance of
// its entry, and counts what was asked.
func (w *world) replay(states []*session.State) (asked int) {
	w.t.Helper()
	w.block()
	transactions := w.issuances()
	ctx := context.Background()
	for _, st := range states {
		entry := st.Entry()
		transaction, ok := transactions[entry]
		if !ok {
			continue
		}
		app := w.application(st)
		for member, issuerOf := range w.params().Members(0) {
			g := w.gateways[[32]byte(issuerOf.OperatorKey)]
			_, err := g.client.Sign(ctx, api.SignRequest{
				Election: w.city.ID[:], Entry: entry[:], Transaction: transaction[:], Blinded: app.Blinded(member),
			})
			if err != nil && !issuer.Refused(err, "not-on-record") {
				w.t.Fatal(err)
			}
			asked++
		}
	}
	if asked == 0 {
		w.t.Fatal(errors.New("nothing to replay"))
	}
	return asked
}

// application of a state, as its device would make it for the open panel.
func (w *world) application(st *session.State) *booth.Application {
	w.t.Helper()
	secret, claim := secretsOf(w.t, st)
	app, err := booth.Apply(w.params(), 0, secret, st.Entry(), claim)
	w.must(err)
	return app
}

// params of the election as they are now.
func (w *world) params() *booth.Parameters {
	w.t.Helper()
	p, err := w.watch.Parameters(context.Background(), w.city.ID, 0, 0)
	w.must(err)
	return p
}

// issuances on the ledger: the transaction of each entry's token.
func (w *world) issuances() map[[32]byte][32]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[[32]byte][32]byte{}
	for hash, tx := range w.txs {
		e, err := envelope.Decode(tx.raw, sample.ChainID)
		if err != nil || e.Kind != uint32(txv1.Kind_KIND_ISSUE_TOKEN) {
			continue
		}
		m, err := issuance.DecodeIssueToken(e.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		out[[32]byte(m.Entry)] = hash
	}
	return out
}
