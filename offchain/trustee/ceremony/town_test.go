package ceremony_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/trustee/ceremony"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

// town is a ledger in memory with the modules that a ceremony needs. What is
// proven is always a block behind.
type town struct {
	t      *testing.T
	city   *sample.City
	proven []*ceremony.Proven
	// shown changes what nodes show, nil for honest ones.
	shown func(*api.Ceremony)
	// sent counts messages by kind and signer.
	sent map[string]int
}

// newTown begins a ceremony in which the first trustees have these media; the
// others play by themselves.
func newTown(t *testing.T, def *electionv1.Definition, homes ...*keystore.Home) *town {
	t.Helper()
	for i, h := range homes {
		public := h.Public()
		def.Trustees[i].Key = public[:]
	}
	def.Ceremony = &electionv1.CeremonyWindows{WindowMs: 20_000, WindowBlocks: 20}
	n := &town{t: t, city: sample.NewCity(), sent: map[string]int{}}
	n.city.BeginCeremony(def)
	n.remember()
	n.block()
	return n
}

func newHome(t *testing.T) *keystore.Home {
	t.Helper()
	h, err := keystore.Init(filepath.Join(t.TempDir(), "medium"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func homes(t *testing.T, n int) []*keystore.Home {
	t.Helper()
	out := make([]*keystore.Home, n)
	for i := range out {
		out[i] = newHome(t)
	}
	return out
}

func (n *town) program(h *keystore.Home) *ceremony.Program { return n.programOver(h, n) }

func (n *town) programOver(h *keystore.Home, l ceremony.Ledger) *ceremony.Program {
	return ceremony.New(ceremony.Config{
		Home: h, Ledger: l, ChainID: sample.ChainID, Election: n.city.ID, Random: rand.Reader,
		Say:   func(line string) { n.t.Log(line) },
		Pause: func(context.Context) error { return errors.New("paused in a test") },
	})
}

// block makes an empty block.
func (n *town) block() {
	n.city.Block(1000)
	n.remember()
}

func (n *town) remember() {
	p := &ceremony.Proven{Height: n.city.Context.Height, Objects: map[string][]byte{}}
	for _, name := range []string{"definition", "zone/0", "ceremony/0", "key/0"} {
		if b := n.city.Object(n.city.ID, name); b != nil {
			p.Objects[name] = slices.Clone(b)
		}
	}
	n.proven = append(n.proven, p)
}

func (n *town) Proven(_ context.Context, id [32]byte, names ...string) (*ceremony.Proven, error) {
	if id != n.city.ID {
		return nil, client.ErrNotFound
	}
	at := n.proven[max(0, len(n.proven)-2)]
	out := &ceremony.Proven{Height: at.Height, Objects: map[string][]byte{}}
	for _, name := range names {
		if b, ok := at.Objects[name]; ok {
			out.Objects[name] = b
		}
	}
	return out, nil
}

func (n *town) Ceremony(_ context.Context, id [32]byte, zone uint32) (*api.Ceremony, error) {
	st, ok := n.city.Ceremony.State(n.city.State, id, zone)
	if !ok {
		return nil, client.ErrNotFound
	}
	out := &api.Ceremony{State: ledger.MustEncode(st)}
	for _, raw := range n.city.Ceremony.Transactions(n.city.State, id, zone) {
		out.Transactions = append(out.Transactions, raw)
	}
	if n.shown != nil {
		n.shown(out)
	}
	return out, nil
}

// SubmitAndWait makes a block of the transaction.
func (n *town) SubmitAndWait(_ context.Context, raw []byte) (int64, error) {
	tx, err := envelope.Decode(raw, sample.ChainID)
	if err == nil {
		err = envelope.NewSignatureFact(tx).Verify()
	}
	if err != nil {
		return 0, err
	}
	err = n.city.Deliver(ledgertest.Tx{Kind: tx.Kind, Signer: tx.Signer, Body: tx.Body, Raw: raw})
	n.remember()
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return 0, &client.Refusal{Submitted: api.Submitted{Code: r.Code.Number, Codespace: r.Code.Module, Name: r.Code.Name, Field: r.Field, Reason: r.Reason}}
	}
	if err != nil {
		return 0, err
	}
	n.sent[fmt.Sprintf("%d/%x", tx.Kind, tx.Signer)]++
	return n.city.Context.Height, nil
}

// deliver puts a message of a trustee who plays by itself on the ledger.
func (n *town) deliver(name string, tx ledgertest.Tx) {
	n.t.Helper()
	raw, err := envelope.Encode(sample.ChainID, tx.Kind, tx.Body, sample.Key(name))
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.SubmitAndWait(n.t.Context(), raw); err != nil {
		n.t.Fatalf("%s: %v", name, err)
	}
}

// player takes part by itself: it acts, or not, once in each round.
type player func() (acted bool)

// drive lets programs and players act in turn until each program ended, and
// returns how. Where nobody has anything to do an empty block is made.
func (n *town) drive(programs []*ceremony.Program, players ...player) []error {
	n.t.Helper()
	ends, ended := make([]error, len(programs)), make([]bool, len(programs))
	for range 400 {
		acted := false
		for i, p := range programs {
			if ended[i] {
				continue
			}
			outcome, err := p.Step(n.t.Context())
			acted = acted || outcome == ceremony.Acted
			ended[i], ends[i] = err != nil || outcome == ceremony.Done, err
		}
		for _, play := range players {
			acted = play() || acted
		}
		if !slices.Contains(ended, false) {
			return ends
		}
		if !acted {
			n.block()
		}
	}
	n.t.Fatalf("no end in sight: %v, window %v", ended, n.city.Ceremonial().Window)
	return nil
}

func (n *town) programs(homes []*keystore.Home) []*ceremony.Program {
	out := make([]*ceremony.Program, len(homes))
	for i, h := range homes {
		out[i] = n.program(h)
	}
	return out
}

// until lets programs act until a window opens.
func (n *town) until(window ceremonyv1.Window, programs []*ceremony.Program) {
	n.t.Helper()
	for range 400 {
		acted := false
		for _, p := range programs {
			if n.city.Ceremonial().Window >= window {
				return
			}
			outcome, err := p.Step(n.t.Context())
			if err != nil {
				n.t.Fatal(err)
			}
			acted = acted || outcome == ceremony.Acted
		}
		if !acted {
			n.block()
		}
	}
	n.t.Fatalf("window %v does not open: %v", window, n.city.Ceremonial().Window)
}

// once checks that no trustee sent a message twice.
func (n *town) once() {
	n.t.Helper()
	for what, count := range n.sent {
		if count != 1 {
			n.t.Errorf("%s was on the ledger %d times", what, count)
		}
	}
}

func allNil(t *testing.T, ends []error) {
	t.Helper()
	for i, err := range ends {
		if err != nil {
			t.Fatalf("trustee %d: %v", i, err)
		}
	}
}

func wants(t *testing.T, err error, class error, parts ...string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Fatalf("got %v, want %v", err, class)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not say %q", err, p)
		}
	}
}
