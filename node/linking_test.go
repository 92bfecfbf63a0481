package node_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/public"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	gatewayconfig "github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/metrics"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/ledger"
)

// A day of voting: each voter gets a token from both gateways at some moment and
// casts after a random delay, as `urna voter vote --delay 15m` does.
const (
	votes     = 10_000
	day       = 12 * time.Hour
	lingering = 15 * time.Minute
)

// organisation issues to everybody, but each hundredth voter meets a moment in
// which its node does not answer.
type organisation struct{ fails bool }

func (o *organisation) Endorse(_ context.Context, r issue.EndorseRequest) (out [64]byte, err error) {
	if o.fails {
		return out, fmt.Errorf("%w: refused the connection", issue.ErrNode)
	}
	copy(out[:], r.Claim.Entry[:])
	return out, nil
}

func (o *organisation) Sign(_ context.Context, r issue.SignRequest) ([]byte, error) {
	return bytes.Repeat(r.Blinded, 2), nil
}

// roomy takes every transaction.
type roomy struct{}

func (roomy) Submit(_ context.Context, _ mempool.Source, raws [][]byte) []mempool.Answer {
	return make([]mempool.Answer, len(raws))
}

func (roomy) Verified([32]byte) bool { return false }
func (roomy) Status([32]byte) (waits bool, dropped *ledger.Refusal) {
	return false, nil
}
func (roomy) Size() int { return 0 }

// abreast of the chain.
type abreast struct{}

func (abreast) Peers() int       { return 3 }
func (abreast) CatchingUp() bool { return false }
func (abreast) Validators() int  { return 4 }

// elector is one voter, with all that no log may hold.
type elector struct {
	asks, casts                    time.Time
	address, phone, code, bearer   string
	entry, pass, ballotKey, token  [32]byte
	blinded, transaction, issuance [32]byte
}

// secrets are words that no line may hold.
func (e *elector) secrets() []string {
	list := []string{e.address, e.phone, e.code, e.bearer}
	hash := sha256.Sum256(e.raw())
	for _, b := range [][32]byte{e.entry, e.pass, e.ballotKey, e.token, e.blinded, e.transaction, e.issuance, hash} {
		list = append(list, hex.EncodeToString(b[:]))
	}
	return list
}

// raw is the transaction that casts.
func (e *elector) raw() []byte {
	return slices.Concat(e.transaction[:], e.ballotKey[:], e.token[:])
}

// journal is what one program writes, and whose request each line was written in:
// this the attacker does not know, it is to judge the guesses by.
type journal struct {
	bytes.Buffer
	owners []int
}

// settle says that the lines since the last call are of a voter's requests.
func (j *journal) settle(owner int) {
	for n := bytes.Count(j.Bytes(), []byte("\n")); len(j.owners) < n; {
		j.owners = append(j.owners, owner)
	}
}

// line of a log as an attacker reads it.
type line struct {
	owner  int
	at     time.Time
	fields map[string]string
}

func (j *journal) lines(t *testing.T) (out []line) {
	t.Helper()
	for text := range strings.Lines(j.String()) {
		l := line{owner: j.owners[len(out)], fields: map[string]string{}}
		for _, pair := range words(text) {
			name, value, _ := strings.Cut(pair, "=")
			l.fields[name] = strings.Trim(value, `"`)
		}
		var err error
		if l.at, err = time.Parse(time.RFC3339Nano, l.fields["time"]); err != nil {
			t.Fatalf("line %q: %v", text, err)
		}
		out = append(out, l)
	}
	return out
}

// words splits a line at blanks outside of quotes.
func words(text string) []string {
	quoted := false
	return strings.FieldsFunc(strings.TrimSpace(text), func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// polling is a day of voting, and what it leaves: the logs by level, and the public ledger.
type polling struct {
	t        *testing.T
	electors []elector
	gateways [2]http.Handler
	node     http.Handler
	issuers  [2]organisation
	// usual and debug logs: two gateways, the node.
	usual, debug [3]journal
	// telltale logs are what the attacks must succeed on: one line of each
	// request, with its moment and address.
	telltale [2]journal
	careless [2]*slog.Logger
	// ledger has the casts in their order.
	ledger []int
}

func newPolling(t *testing.T) *polling {
	t.Helper()
	p := &polling{t: t, electors: make([]elector, votes)}
	// What a gateway's and a node's programs make of their usual settings.
	var usual slog.Level
	if err := usual.UnmarshalText([]byte(gatewayconfig.Default().LogLevel)); err != nil {
		t.Fatal(err)
	}
	for i := range p.gateways {
		log := slog.New(slog.NewMultiHandler(
			slog.NewTextHandler(&p.usual[i], &slog.HandlerOptions{Level: usual}),
			slog.NewTextHandler(&p.debug[i], &slog.HandlerOptions{Level: slog.LevelDebug})))
		var err error
		if p.gateways[i], err = gatewayapi.New(gatewayapi.Config{
			Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: &p.issuers[i]}}, Log: log, Now: time.Now, Metrics: metrics.New(),
			Addresses: limits.NewAddresses(gatewayconfig.Default().Limits.PerAddress, nil, time.Now),
		}); err != nil {
			t.Fatal(err)
		}
		p.careless[i] = slog.New(slog.NewTextHandler(&p.telltale[i], &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	const chainID = "linking-1"
	a, err := app.New(app.Config{Dir: "data", FS: vfs.NewMem(), ChainID: chainID, Workers: 1, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	loud := config.DefaultLog()
	loud.Level = "debug"
	p.node, err = public.New(public.Config{
		App: a, Pool: roomy{}, Network: abreast{}, Ack: sign.NewPrivateKey([32]byte{7}), Now: time.Now, Mode: config.Validator, Version: "test",
		Genesis: &genesis.Genesis{Doc: &types.GenesisDoc{ChainID: chainID}},
		Logger: slog.New(slog.NewMultiHandler(node.NewLogger(config.DefaultLog(), &p.usual[2]).Handler(),
			node.NewLogger(loud, &p.debug[2]).Handler())).With("part", "api"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// draw makes the voters of a day that begins now.
func (p *polling) draw(chance *rand.Rand) {
	fill := func() (b [32]byte) {
		for i := range b {
			b[i] = byte(chance.Uint32())
		}
		return b
	}
	begin := time.Now()
	for i := range p.electors {
		asks := begin.Add(time.Duration(chance.Int64N(int64(day))))
		bearer := fill()
		p.electors[i] = elector{
			asks: asks, casts: asks.Add(2*time.Second + time.Duration(chance.Int64N(int64(lingering)))),
			address: fmt.Sprintf("127.%d.%d.%d", 1+i/62500, 1+i/250%250, 1+i%250),
			phone:   fmt.Sprintf("+7900%07d", i), code: fmt.Sprintf("CODE-%05d-CODE", i), bearer: hex.EncodeToString(bearer[:]),
			entry: fill(), pass: fill(), ballotKey: fill(), token: fill(), blinded: fill(), transaction: fill(), issuance: fill(),
		}
	}
}

// step of a voter at a moment.
type step struct {
	at    time.Time
	voter int
	do    func(voter int)
}

// run plays the day in the order of its moments.
func (p *polling) run() {
	var steps []step
	for i, e := range p.electors {
		asks := e.asks
		if i%100 == 0 {
			steps = append(steps, step{asks.Add(-3 * time.Second), i, p.fail})
		}
		steps = append(steps, step{asks, i, p.ask}, step{asks.Add(time.Second), i, p.sign}, step{e.casts, i, p.cast})
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(a.at.Compare(b.at), a.voter-b.voter) })
	for _, s := range steps {
		time.Sleep(time.Until(s.at))
		s.do(s.voter)
		for i := range p.usual {
			p.usual[i].settle(s.voter)
			p.debug[i].settle(s.voter)
		}
		for i := range p.telltale {
			p.telltale[i].settle(s.voter)
		}
	}
}

// send makes a request as a proxy on the same machine hands it on.
func (p *polling) send(h http.Handler, voter int, path, kind string, body []byte) int {
	e := &p.electors[voter]
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.RemoteAddr = e.address + ":4000"
	r.Header.Set("X-Forwarded-For", e.address)
	r.Header.Set("Content-Type", kind)
	if kind == "application/json" {
		r.Header.Set("Authorization", "Bearer "+e.bearer)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func (p *polling) post(voter, status int, path string, in any) {
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	for i, h := range p.gateways {
		if got := p.send(h, voter, path, "application/json", body); got != status {
			p.t.Fatalf("gateway %d answers %s with %d, want %d", i, path, got, status)
		}
	}
}

func (p *polling) request(voter int) api.TokenRequest {
	e := &p.electors[voter]
	return api.TokenRequest{Election: bytes.Repeat([]byte{1}, 32), Entry: e.entry[:], Pass: e.pass[:], Code: e.code,
		Blinded: e.blinded[:], BlindedHashes: []api.Hex{e.blinded[:]}, ClaimKeyHash: e.issuance[:]}
}

// fail is a voter whose page is faulty and tells the telephone, and whose
// gateways do not reach their nodes.
func (p *polling) fail(voter int) {
	e := &p.electors[voter]
	p.post(voter, http.StatusUnprocessableEntity, "/v1/token", map[string]any{"phone": e.phone, "code": e.code, e.phone: e.code})
	p.issuers = [2]organisation{{fails: true}, {fails: true}}
	p.post(voter, http.StatusServiceUnavailable, "/v1/token", p.request(voter))
	p.issuers = [2]organisation{}
}

func (p *polling) ask(voter int) { p.post(voter, http.StatusOK, "/v1/token", p.request(voter)) }

func (p *polling) sign(voter int) {
	e := &p.electors[voter]
	p.post(voter, http.StatusOK, "/v1/sign", api.SignRequest{
		Election: bytes.Repeat([]byte{1}, 32), Entry: e.entry[:], Transaction: e.issuance[:], Blinded: e.blinded[:],
	})
	p.careless[0].Debug("request", "route", "POST /v1/sign", "from", e.address)
}

func (p *polling) cast(voter int) {
	e := &p.electors[voter]
	if got := p.send(p.node, voter, "/v1/transactions", "application/octet-stream", e.raw()); got != http.StatusOK {
		p.t.Fatalf("the node answers %d", got)
	}
	p.careless[1].Debug("request", "route", "POST /v1/transactions", "from", e.address)
	p.ledger = append(p.ledger, voter)
}
