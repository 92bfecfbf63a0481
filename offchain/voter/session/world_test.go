package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/internal/sample"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

// world is an election on the real modules in memory, with real gateways behind
// HTTP and their registers on disk.
type world struct {
	t *testing.T

	mu   sync.Mutex
	city *sample.City
	// txs in blocks by hash.
	txs map[[32]byte]committed

	slips    []*slip.Slip
	gateways map[[32]byte]*gateway
	watch    *booth.Watch
	// wire carries the voters' requests to gateways.
	wire *wire
}

type committed struct {
	raw    []byte
	height int64
}

type gateway struct {
	world  *world
	name   string
	where  string
	key    auth.Key
	ring   *keyring.Ring
	server *httptest.Server
	client *issuer.Gateway

	mu      sync.RWMutex
	issuer  *issue.Gateway
	handler http.Handler
	db      *database.DB
}

// rings are the token keys of the issuers of the sample election.
func rings() []*keyring.Ring { return ringsOf(sample.Definition()) }

// ringsOf the issuers of an election. The keys are made once: each world is a
// chain of its own.
func ringsOf(def *electionv1.Definition) []*keyring.Ring {
	id := election.DefinitionID(sample.ChainID, def)
	out := make([]*keyring.Ring, len(def.Issuers))
	for i := range def.Issuers {
		ring, err := keyring.Join()
		for panel, p := range def.Panels {
			if slices.Contains(p.Issuers, uint32(i)) && err == nil {
				slot := keyring.Slot{Election: id, Panel: uint32(panel)}
				err = ring.Add(slot, sample.TokenKey(fmt.Sprintf("issuer %d, panel %d", i, panel)))
			}
		}
		if err != nil {
			panic(err)
		}
		out[i] = ring
	}
	return out
}

// newWorld comes to the phase issuing with so many voters of style 0.
func newWorld(t *testing.T, voters int) *world {
	t.Helper()
	return newWorldOf(t, voters, sample.Definition())
}

// newWorldOf is newWorld with an election of its own.
func newWorldOf(t *testing.T, voters int, def *electionv1.Definition) *world {
	t.Helper()
	w := &world{t: t, city: sample.NewCity(), txs: map[[32]byte]committed{}, gateways: map[[32]byte]*gateway{}, wire: &wire{}}
	c := w.city
	c.Create(def)
	var list []roster.Voter
	for i := range voters {
		list = append(list, roster.Voter{ID: fmt.Sprintf("voter-%d", i)})
	}
	e, err := roster.Enrol(rand.Reader, sample.ChainID, c.ID, def, list)
	w.must(err)
	w.slips = e.Slips()
	var entries [][]byte
	for _, s := range w.slips {
		entry := s.Entry()
		entries = append(entries, entry[:])
	}
	w.must(c.Deliver(c.StageTx("chair", 0, entries...)))
	w.must(c.Decide(commissionv1.Action_ACTION_APPROVE_ROLL, c.StagedRoll("chair")))
	for i, ring := range ringsOf(def) {
		w.openGateway(e, i, ring)
	}
	c.Until(sample.CeremonyOpens)
	c.NewAttempt(1)
	c.HoldCeremony()
	c.Until(sample.IssuingOpens)
	// The sample chain's time jumps: nothing is recent.
	var looks atomic.Int64
	w.watch = booth.NewWatch(w.prove, sample.ChainID, func() time.Time { return time.Unix(60*looks.Add(1), 0) })
	return w
}

func (w *world) openGateway(e *roster.Enrolment, index int, ring *keyring.Ring) {
	name := fmt.Sprintf("issuer-%d", index)
	dir := w.t.TempDir()
	key, err := roster.LoadOrMakeKey(filepath.Join(dir, roster.KeyFile), rand.Reader)
	w.must(err)
	codes, err := roster.NewCodes(rand.Reader, key, w.city.ID, e.Passes(name))
	w.must(err)
	for i, s := range w.slips {
		s.Codes = append(s.Codes, slip.IssuerCode{Issuer: name, Code: codes.Code(i)})
	}
	operator := sample.Key(name)
	g := &gateway{world: w, name: name, where: filepath.Join(dir, "gateway.db"), key: key, ring: ring}
	g.start()
	_, err = register.New(g.db).Import(codes.Access())
	w.must(err)
	g.server = httptest.NewServer(g)
	w.t.Cleanup(func() {
		g.server.Close()
		_ = g.db.Close()
	})
	g.client, err = issuer.New(w.wire, g.server.URL, g.server.URL)
	w.must(err)
	w.gateways[operator.Public()] = g
	for _, slot := range ring.Slots() {
		raw, err := ring.Registration(sample.ChainID, slot, uint32(index), operator)
		w.must(err)
		_, err = w.SubmitAndWait(context.Background(), raw)
		w.must(err)
	}
}

// start opens the gateway's database and begins to serve.
func (g *gateway) start() {
	db, err := database.Open(context.Background(), g.where)
	g.world.must(err)
	store := register.New(db)
	g.db, g.issuer = db, issue.New(issue.Config{
		ChainID: sample.ChainID, Operator: sample.Key(g.name), Keys: g.ring, Store: store,
		Auth: auth.NewCodes(g.key, store, time.Now), Ledger: g.world,
	})
	g.handler, err = gatewayapi.New(gatewayapi.Config{
		Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: g.issuer}},
		Now:   time.Now, Log: slog.New(slog.DiscardHandler),
	})
	g.world.must(err)
}

// restart loses all that the gateway has not on its disk; requests under way
// fail.
func (g *gateway) restart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.world.must(g.db.Close())
	g.start()
}

// ServeHTTP serves with what runs now.
func (g *gateway) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	g.mu.RLock()
	handler := g.handler
	g.mu.RUnlock()
	handler.ServeHTTP(to, r)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// block makes an empty block: what was in the last is now provable.
func (w *world) block() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.city.Block(1000)
}

func (w *world) openVoting() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.city.Until(sample.VotingOpens)
}

// objects are an election's summary as committed.
type objects map[string][]byte

func (o objects) Object(name string) ([]byte, bool) { b, ok := o[name]; return b, ok }

func (o objects) Hash(name string) ([32]byte, bool) {
	b, ok := o[name]
	return sha256.Sum256(b), ok
}

func (w *world) prove(_ context.Context, id [32]byte, names ...string) (booth.Objects, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := objects{}
	for _, name := range append(names, "key/0") {
		if b := w.city.Object(id, name); b != nil {
			out[name] = b
		} else if name != "key/0" {
			return nil, fmt.Errorf("object %s is missing", name)
		}
	}
	return out, nil
}

// refusal of the ledger.
type refusal struct{ error }

// SubmitAndWait implements session.Ledger: a block for each transaction.
func (w *world) SubmitAndWait(_ context.Context, raw []byte) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hash := envelope.Hash(raw)
	if c, ok := w.txs[hash]; ok {
		return c.height, nil
	}
	tx, err := envelope.Decode(raw, sample.ChainID)
	if err != nil {
		return 0, refusal{err}
	}
	if tx.Signer != nil {
		if err := envelope.NewSignatureFact(tx).Verify(); err != nil {
			return 0, refusal{err}
		}
	}
	if err := w.city.Deliver(ledgertest.Tx{Kind: tx.Kind, Signer: tx.Signer, Body: tx.Body, Raw: raw}); err != nil {
		return 0, refusal{err}
	}
	w.txs[hash] = committed{raw: raw, height: w.city.Context.Height}
	return w.city.Context.Height, nil
}

// WaitProvable implements session.Ledger.
func (w *world) WaitProvable(context.Context, [32]byte) error {
	w.block()
	return nil
}

// Refused implements session.Ledger.
func (w *world) Refused(err error) (refused, later bool) {
	var r refusal
	if !errors.As(err, &r) {
		return false, false
	}
	var why *ledger.Refusal
	return true, errors.As(err, &why) && why.Code.Retry()
}

// Unwrap shows the module's own refusal.
func (r refusal) Unwrap() error { return r.error }

// Definition implements issue.Ledger.
func (w *world) Definition(_ context.Context, id [32]byte) (*electionv1.Definition, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	def, ok := w.city.Elections.Definition(w.city.State, id)
	if !ok {
		return nil, issue.ErrUnknownElection
	}
	return def, nil
}

// Standing implements issue.Ledger.
func (w *world) Standing(_ context.Context, id [32]byte, style uint32, entry [32]byte) (issue.Standing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.city
	keys, _ := c.Issuance.ClassKeys(c.State, id, c.Def.Styles[style].TokenClass)
	at, index, ok := c.Roll.Position(c.State, id, entry[:])
	s := issue.Standing{
		Open: election.IssuesTokens(c.Zone(0)), Panel: keys.OpenPanel, Moduli: keys.Panels[keys.OpenPanel].Moduli,
		InRoll: ok && at == style, Issued: c.Issuance.HasToken(c.State, id, entry[:]),
	}
	s.Removed = ok && c.Roll.Removed(c.State, id, at, index)
	return s, nil
}

// Token implements issue.Ledger.
func (w *world) Token(_ context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.txs[hash]
	if !ok || c.height >= w.city.Context.Height {
		return nil, issue.ErrNotOnRecord
	}
	tx, err := envelope.Decode(c.raw, sample.ChainID)
	if err != nil || tx.Kind != uint32(txv1.Kind_KIND_ISSUE_TOKEN) {
		return nil, issue.ErrNotOnRecord
	}
	return ledger.DecodeStrict[issuancev1.IssueToken](tx.Body, 1<<16)
}

// issued counts the tokens on the ledger.
func (w *world) issued() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.city.Issuance.IssuedCount(w.city.State, w.city.ID, 0)
}

// state draws secrets for a voter.
func (w *world) state(voter int) *session.State {
	w.t.Helper()
	s := w.slips[voter]
	st, err := session.NewState(rand.Reader, s.ChainID, s.Election, s.Entry(), s.Style)
	w.must(err)
	return st
}

func (w *world) config(voter int, st *session.State) session.Config {
	s := w.slips[voter]
	return session.Config{
		State: st, Watch: w.watch, Ledger: w, Random: rand.Reader, Pause: time.Millisecond,
		Save: func(*session.State) error { return nil },
		Access: func(operator [32]byte) (session.Access, bool) {
			g, ok := w.gateways[operator]
			if !ok {
				return session.Access{}, false
			}
			code, _ := s.Code(g.name)
			return session.Access{Issuer: g.client, Pass: s.VoterKey.Pass(s.ChainID, s.Election, g.name), Code: code.Reveal()}, true
		},
	}
}

func (w *world) session(voter int, st *session.State) *session.Session {
	w.t.Helper()
	s, err := session.New(context.Background(), w.config(voter, st))
	w.must(err)
	return s
}

// wire is a transport that can lose requests or answers, and remembers what
// was signed.
type wire struct {
	mu sync.Mutex
	// lose, if set, is asked before the request and after the answer.
	lose func(path string, answered bool) bool
	// spoil, if set, may change an answer's body.
	spoil func(path, host string, body []byte) []byte
	// signed are the answers of POST /v1/sign by gateway.
	signed map[string]map[string]bool
}

var errLost = errors.New("lost on the way")

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.lost(r.URL.Path, false) {
		return nil, errLost
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if w.lost(r.URL.Path, true) {
		_ = response.Body.Close()
		return nil, errLost
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spoil != nil {
		body = w.spoil(r.URL.Path, r.URL.Host, body)
	}
	if r.URL.Path == "/v1/sign" && response.StatusCode == http.StatusOK {
		if w.signed == nil {
			w.signed = map[string]map[string]bool{}
		}
		if w.signed[r.URL.Host] == nil {
			w.signed[r.URL.Host] = map[string]bool{}
		}
		w.signed[r.URL.Host][string(body)] = true
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	return response, nil
}

func (w *wire) lost(path string, answered bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lose != nil && w.lose(path, answered)
}

func (w *wire) set(lose func(path string, answered bool) bool, spoil func(path, host string, body []byte) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose, w.spoil = lose, spoil
}

// mostSigned is the largest number of different messages one gateway signed.
func (w *wire) mostSigned() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := 0
	for _, answers := range w.signed {
		most = max(most, len(answers))
	}
	return most
}

var _ session.Issuer = (*issuer.Gateway)(nil)
