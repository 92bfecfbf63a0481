package node_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/testnet/sample"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// served is a running node of one validator and a member of its commission.
type served struct {
	url    string
	chain  string
	member sign.PrivateKey
	client *client.Client
}

func serve(t *testing.T, change func(*config.Config)) *served {
	t.Helper()
	dir, network := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	cfg := settings(t, h)
	if change != nil {
		change(&cfg)
	}
	n, err := open(t, h, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	s := &served{url: network.Nodes[0].APIURL(), chain: network.ChainID}
	if s.member, err = keyfile.Load(filepath.Join(dir, network.Commission[0])); err != nil {
		t.Fatal(err)
	}
	genesis, err := os.ReadFile(h.Genesis())
	if err != nil {
		t.Fatal(err)
	}
	trust, err := chain.ParseTrust(genesis)
	if err != nil {
		t.Fatal(err)
	}
	if s.client, err = client.New(client.Config{Nodes: []string{s.url}, Trust: trust, Poll: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	waitHeight(t, s.url, 1)
	return s
}

func waitHeight(t *testing.T, url string, height int64) int64 {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := http.Get(url + "/v1/status")
		if err == nil {
			var s api.Status
			err = json.NewDecoder(resp.Body).Decode(&s)
			resp.Body.Close()
			if err == nil && s.Height >= height {
				return s.Height
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no height %d in time: %v", height, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *served) ask(t *testing.T, method, path string, body []byte, answer any) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer != nil {
		if err := json.Unmarshal(raw, answer); err != nil {
			t.Fatalf("%s %s answers %s: %v", method, path, raw, err)
		}
	}
	return resp
}

// proposal is a transaction that makes an election at once: the quorum is one.
func (s *served) proposal(t *testing.T, nonce byte) ([]byte, [32]byte) {
	t.Helper()
	def := sample.Election(time.Now().Add(time.Hour), nonce)
	act := ledger.MustEncode(&electionv1.CreateElection{Definition: def})
	body := ledger.MustEncode(&commissionv1.Propose{Proposal: &commissionv1.Proposal{
		Action: uint32(commissionv1.Action_ACTION_CREATE_ELECTION), Body: act, Nonce: bytes.Repeat([]byte{nonce}, 16),
		ExpiresMs: time.Now().Add(time.Hour).UnixMilli(),
	}})
	raw, err := envelope.Encode(s.chain, uint32(txv1.Kind_KIND_PROPOSE), body, s.member)
	if err != nil {
		t.Fatal(err)
	}
	return raw, election.ID(s.chain, ledger.MustEncode(def))
}

func TestRefusedTransactionsAreAnsweredWithCodeFieldAndReason(t *testing.T) {
	s := serve(t, nil)
	good, _ := s.proposal(t, 1)
	stranger, err := sign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := envelope.Decode(good, s.chain)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(chainID string, kind uint32, key sign.PrivateKey) []byte {
		raw, err := envelope.Encode(chainID, kind, tx.Body, key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	for name, c := range map[string]struct {
		raw    []byte
		status int
		code   string
		field  string
	}{
		"malformed":      {[]byte("not a transaction"), 422, "malformed", "transaction"},
		"trailing byte":  {append(bytes.Clone(good), 0), 422, "malformed", "transaction"},
		"cut off":        {good[:len(good)-1], 422, "malformed", "transaction"},
		"another chain":  {encode("urna-other-0000000000000000", tx.Kind, s.member), 422, "wrong-chain", "chain_id"},
		"unknown kind":   {encode(s.chain, 9999, s.member), 422, "unknown-kind", "kind"},
		"no member":      {encode(s.chain, tx.Kind, stranger), 422, "", "signer"},
		"forged":         {forged, 422, "bad-signature", "signature"},
		"largest":        {make([]byte, envelope.MaxBytes), 422, "malformed", "transaction"},
		"one byte over":  {make([]byte, envelope.MaxBytes+1), 413, "too-large", "transaction"},
		"much too large": {make([]byte, 2*envelope.MaxBytes), 413, "", ""},
	} {
		var out api.Submitted
		resp := s.ask(t, "POST", "/v1/transactions", c.raw, &out)
		if resp.StatusCode != c.status || c.code != "" && out.Name != c.code || c.field != out.Field || c.field != "" && out.Reason == "" {
			t.Errorf("%s: %d %+v, want %d %s %s", name, resp.StatusCode, out, c.status, c.code, c.field)
		}
	}
	if resp := s.ask(t, "POST", "/v1/transactions", nil, nil); resp.StatusCode != 400 {
		t.Errorf("empty body: %d", resp.StatusCode)
	}
	if s.ask(t, "GET", "/v1/proposals", nil, new([]api.Proposal)).StatusCode != 200 {
		t.Error("the node no longer answers")
	}
}

func pack(raws ...[]byte) []byte {
	var b []byte
	for _, r := range raws {
		b = append(binary.AppendUvarint(b, uint64(len(r))), r...)
	}
	return b
}

func TestBatchesAreAnsweredInOrderAndMalformedOnesRefusedWhole(t *testing.T) {
	s := serve(t, nil)
	one, _ := s.proposal(t, 1)
	two, _ := s.proposal(t, 2)
	raws := [][]byte{one, []byte("bad"), two, one}
	var batch api.SubmittedBatch
	resp := s.ask(t, "POST", "/v1/transactions/batch", pack(raws...), &batch)
	if resp.StatusCode != 200 || batch.Count != 4 || len(batch.Others) != 1 || batch.Others[0].Position != 1 || batch.Ack == nil || batch.Ack.Count != 3 {
		t.Fatalf("%d %+v", resp.StatusCode, batch)
	}
	three, _ := s.proposal(t, 3)
	raws = append(raws, three)
	out, err := s.client.SubmitBatch(t.Context(), raws)
	if err != nil || len(out) != len(raws) {
		t.Fatal(out, err)
	}
	status, err := s.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, raw := range raws {
		hash := sha256.Sum256(raw)
		if !bytes.Equal(out[i].Hash, hash[:]) || (out[i].Code == 0) != (i != 1) || i == 1 && out[i].Ack != nil || i == 4 && out[i].Ack == nil {
			t.Errorf("answer %d: %+v", i, out[i])
		}
		if out[i].Ack == nil {
			continue // refused, or in a block by now
		}
		if ack, err := client.Acknowledgement(out[i].Ack); err != nil || ack.Hash != hash || ack.ChainID != s.chain || !bytes.Equal(ack.Key[:], status.AckKey) {
			t.Errorf("acknowledgement %d: %+v, %v", i, ack, err)
		}
	}
	tooMany := make([][]byte, 1001)
	for i := range tooMany {
		tooMany[i] = []byte("x")
	}
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"empty":       {nil, 400},
		"cut off":     {append(pack(one), 5, 'a'), 422},
		"no length":   {[]byte{0}, 422},
		"long length": {[]byte{0x81, 0x00, 'a'}, 422},
		"endless":     {bytes.Repeat([]byte{0xff}, 20), 422},
		"too many":    {pack(tooMany...), 422},
		"over 8 MiB":  {make([]byte, 8<<20+1), 413},
	} {
		var problem struct{ Detail string }
		if resp := s.ask(t, "POST", "/v1/transactions/batch", c.body, &problem); resp.StatusCode != c.status || problem.Detail == "" {
			t.Errorf("%s: %d %+v", name, resp.StatusCode, problem)
		}
	}
}

// A lost answer costs nothing: the same bytes are admitted again, whether they
// wait or are in a block.
func TestSubmittedTwiceIsAdmittedTwiceAndAcknowledged(t *testing.T) {
	s := serve(t, nil)
	raw, _ := s.proposal(t, 1)
	hash := sha256.Sum256(raw)
	status, err := s.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.client.Submit(t.Context(), raw)
	if err != nil || out.Ack == nil {
		t.Fatalf("%+v, %v", out, err)
	}
	a := out.Ack
	if a.ChainID != s.chain || !bytes.Equal(a.Key, status.AckKey) || a.Deadline != a.Height+envelope.AckBlocks || !bytes.Equal(a.Hash, hash[:]) {
		t.Errorf("acknowledgement %+v", a)
	}
	if ack, err := client.Acknowledgement(a); err != nil || ack.Place.Size != 1 || len(ack.Place.Path) != 0 {
		t.Errorf("%+v, %v", ack, err)
	}
	height, err := s.client.SubmitAndWait(t.Context(), raw)
	if err != nil || height > a.Deadline {
		t.Fatalf("in block %d: %v", height, err)
	}
	if again, err := s.client.Submit(t.Context(), raw); err != nil || again.Code != 0 {
		t.Errorf("after its block: %+v, %v", again, err)
	}
	tx, err := s.client.Transaction(t.Context(), hash)
	if err != nil || tx.State != "committed" || tx.Height != height || !bytes.Equal(tx.Raw, raw) || tx.LogIndex != nil {
		t.Errorf("%+v, %v", tx, err)
	}
}

func TestFullPoolIsBusyAndSaysWhenToAskAgain(t *testing.T) {
	s := serve(t, func(c *config.Config) {
		c.Mempool.Size = 1
		c.Consensus.TimeoutCommit = 1500 * time.Millisecond
	})
	one, _ := s.proposal(t, 1)
	two, _ := s.proposal(t, 2)
	if resp := s.ask(t, "POST", "/v1/transactions", one, nil); resp.StatusCode != 200 {
		t.Fatalf("first: %d", resp.StatusCode)
	}
	var out api.Submitted
	resp := s.ask(t, "POST", "/v1/transactions", two, &out)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || out.Name != "busy" || !out.Retry {
		t.Errorf("second: %d %v %+v", resp.StatusCode, resp.Header, out)
	}
	hash := sha256.Sum256(one)
	if tx, err := s.client.Transaction(t.Context(), hash); err != nil || tx.State != "pending" {
		t.Errorf("first: %+v, %v", tx, err)
	}
}

func TestStrangeRequestsAreRefused(t *testing.T) {
	s := serve(t, nil)
	zeros := strings.Repeat("0", 64)
	for path, want := range map[string]int{
		"/v1/status?verbose=1":                                         422,
		"/v1/log/inclusion?index=0&size=1&size=2":                      422,
		"/v1/log/inclusion?index=0":                                    422,
		"/v1/log/inclusion?index=-1&size=1":                            422,
		"/v1/log/inclusion?index=5&size=9":                             422,
		"/v1/blocks?from=1&to=501":                                     422,
		"/v1/blocks?from=2&to=1":                                       422,
		"/v1/blocks?from=0&to=1":                                       422,
		"/v1/blocks?from=99999&to=99999":                               404,
		"/v1/commits/99999":                                            404,
		"/v1/transactions/xyz":                                         422,
		"/v1/transactions/" + strings.ToUpper(strings.Repeat("a", 64)): 422,
		"/v1/receipts/" + zeros:                                        404,
		"/v1/ballots/" + zeros:                                         404,
		"/v1/proposals/" + zeros:                                       404,
		"/v1/elections/" + zeros:                                       404,
		"/v1/elections/" + zeros + "/proven":                           404,
		"/v1/elections/" + zeros + "/turnout":                          404,
		"/v1/elections/" + zeros + "/ballots":                          404,
		"/v1/elections/" + zeros + "/ballots?limit=1001":               422,
		"/v1/elections/" + zeros + "/keys/" + zeros:                    404,
		"/v1/elections/" + zeros + "/entries/" + zeros:                 404,
		"/v1/elections/" + zeros + "/roll/0":                           404,
		"/v1/elections/" + zeros + "/roll/x":                           422,
		"/v1/elections/" + zeros + "/zones/0/ceremony":                 404,
		"/v1/elections/" + zeros + "/zones/0/tally":                    404,
		"/v1/elections/" + zeros + "/results":                          404,
		"/v1/nothing":                                                  404,
		"/":                                                            404,
		"/v1/status?%zz":                                               422,
	} {
		waitHeight(t, s.url, 2)
		if resp := s.ask(t, "GET", path, nil, nil); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "POST"} {
		if resp := s.ask(t, method, "/v1/status", nil, nil); resp.StatusCode != 405 {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
}

func TestSlowRequestsAreCutOff(t *testing.T) {
	s := serve(t, func(c *config.Config) { c.API.HeaderTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost:"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection is held: %v", err)
	}
	conn, err = net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 64<<10)+"\r\n\r\n") // it may be cut off
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 431" {
		t.Errorf("huge header: %q, %v", line, err)
	}
}

func TestIdleConnectionsDoNotKeepOthersOut(t *testing.T) {
	s := serve(t, nil)
	for range 1000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	began := time.Now()
	if resp := s.ask(t, "GET", "/v1/health", nil, nil); resp.StatusCode != 200 || time.Since(began) > time.Second {
		t.Errorf("health answers %d after %s", resp.StatusCode, time.Since(began))
	}
}

func TestIdleConnectionsMakeWayForOthers(t *testing.T) {
	const slots = 8
	s := serve(t, func(c *config.Config) { c.API.MaxConnections, c.API.IdleTimeout = slots, time.Minute })
	for range 5 * slots {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 12)
		if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 200" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	began := time.Now()
	if resp := s.ask(t, "GET", "/v1/health", nil, nil); resp.StatusCode != 200 || time.Since(began) > time.Second {
		t.Errorf("health answers %d after %s", resp.StatusCode, time.Since(began))
	}
}

func TestMetricsAreOnAPortOfTheirOwn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(c *config.Config) { c.Metrics.Listen = addr })
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), "urna_height ") || !strings.Contains(string(text), "urna_pool_transactions 0") {
		t.Errorf("%s, %v", text, err)
	}
	if resp := s.ask(t, "GET", "/metrics", nil, nil); resp.StatusCode != 404 {
		t.Errorf("the public port answers %d", resp.StatusCode)
	}
}

func TestOnlyAllowedPagesMayAsk(t *testing.T) {
	s := serve(t, func(c *config.Config) { c.API.Origins = []string{"https://vote.example.org"} })
	for origin, want := range map[string]string{"https://vote.example.org": "https://vote.example.org", "https://evil.example.org": "", "null": ""} {
		req, err := http.NewRequest("GET", s.url+"/v1/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: %q", origin, got)
		}
	}
}

func TestEveryPublishedRouteIsThere(t *testing.T) {
	s := serve(t, nil)
	var source []byte
	for _, file := range []string{"../proto/api/api.go", "../proto/api/submit.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	var description struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	s.ask(t, "GET", "/v1/openapi.json", nil, &description)
	there := map[string]bool{}
	parameter := regexp.MustCompile(`\{[a-z]+\}`)
	for path := range description.Paths {
		there[parameter.ReplaceAllString(path, "{}")] = true
	}
	found := regexp.MustCompile(`(?:GET|POST) (/v1/[a-z/{}]+)|, (/v1/[a-z/{}]+)`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("%d routes found in proto/api", len(found))
	}
	for _, f := range found {
		path := strings.TrimRight(parameter.ReplaceAllString(f[1]+f[2], "{}"), "/")
		if path != "/v1/openapi.json" && !there[path] {
			t.Errorf("route %s is published and not there", path)
		}
	}
}

// All routes of an election, through the client, which reads strictly and
// believes only what a commit proves.
func TestElectionIsServedAndProven(t *testing.T) {
	s := serve(t, nil)
	office := commission.Office{Client: s.client, ChainID: s.chain, Key: s.member, Now: time.Now, Random: rand.Reader}
	def := sample.Election(time.Now().Add(2*time.Second), 1)
	proposal, err := office.Propose(t.Context(), commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: def}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	id := election.ID(s.chain, ledger.MustEncode(def))
	proven := waitProven(t, s.client, id)
	if got, ok := proven.Object("definition"); !ok || !bytes.Equal(got, ledger.MustEncode(def)) {
		t.Errorf("definition %x", got)
	}
	ctx, c := t.Context(), s.client
	e, err := c.Election(ctx, id)
	if err != nil || e.Zones[0].Phase == "" || len(e.Contests[0].Options) != 2 || !e.Rehearsal || len(e.Warnings) == 0 || !bytes.Equal(e.Definition, ledger.MustEncode(def)) {
		t.Errorf("election %+v, %v", e, err)
	}
	list, err := c.Elections(ctx)
	if err != nil || len(list) != 1 {
		t.Errorf("elections %+v, %v", list, err)
	}
	p, err := c.Proposal(ctx, proposal)
	if err != nil || p.ExecutedHeight == 0 || p.Action == "" || len(p.Approvals) != 1 {
		t.Errorf("proposal %+v, %v", p, err)
	}
	members, err := c.Commission(ctx)
	if err != nil || members.Quorum != 1 || len(members.Members) != 2 {
		t.Errorf("commission %+v, %v", members, err)
	}
	if turnout, err := c.Turnout(ctx, id); err != nil || len(turnout.Classes) != 1 || turnout.Classes[0].Name != "town" {
		t.Errorf("turnout %+v, %v", turnout, err)
	}
	if results, err := c.Results(ctx, id); err != nil || len(results.Zones) != 1 || results.Zones[0].Final {
		t.Errorf("results %+v, %v", results, err)
	}
	if tally, err := c.Tally(ctx, id, 0); err != nil || tally.Phase == "" {
		t.Errorf("tally %+v, %v", tally, err)
	}
	if roll, err := c.Roll(ctx, id, 0, 0, 10); err != nil || roll.Size != 0 {
		t.Errorf("roll %+v, %v", roll, err)
	}
	if claims, err := c.EntryClaims(ctx, id, [32]byte{1}); err != nil || len(claims.Claims) != 0 {
		t.Errorf("claims %+v, %v", claims, err)
	}
	if claims, err := c.OpenClaims(ctx, id, 0, 0, 10); err != nil || len(claims.Claims) != 0 || claims.Silent != 0 {
		t.Errorf("open claims %+v, %v", claims, err)
	}
	if _, err := c.OpenClaims(ctx, id, 60000, 0, 10); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("claims on an issuer that is not there: %v", err)
	}
	if key, err := c.BallotKey(ctx, id, [32]byte{1}); err != nil || key.Spent {
		t.Errorf("key %+v, %v", key, err)
	}
	if ballots, err := c.Ballots(ctx, id, 0, 10); err != nil || len(ballots) != 0 {
		t.Errorf("ballots %+v, %v", ballots, err)
	}
	waitCeremony(t, s, id)
	blocksChain(t, s)
}

func waitProven(t *testing.T, c *client.Client, id [32]byte) *chain.Proven {
	t.Helper()
	for range 200 {
		if p, err := c.Proven(t.Context(), id); err == nil {
			return p
		} else if context.Cause(t.Context()) != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	_, err := c.Proven(t.Context(), id)
	t.Fatalf("not proven in time: %v", err)
	return nil
}

func waitCeremony(t *testing.T, s *served, id [32]byte) {
	t.Helper()
	for range 400 {
		if c, err := s.client.Ceremony(t.Context(), id, 0); err == nil {
			e, err := s.client.Election(t.Context(), id)
			if len(c.State) == 0 || err != nil || e.Zones[0].CeremonyWindow != "register" || e.Zones[0].CeremonyAttempt != 1 {
				t.Errorf("ceremony %+v of %+v, %v", c, e.Zones, err)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the ceremony did not open in time")
}

// blocksChain reads all blocks and checks that each commit is for the next.
func blocksChain(t *testing.T, s *served) {
	t.Helper()
	height := waitHeight(t, s.url, 5)
	blocks, err := s.client.Blocks(t.Context(), 1, height)
	if err != nil || int64(len(blocks)) != height {
		t.Fatalf("%d blocks of %d: %v", len(blocks), height, err)
	}
	for i, raw := range blocks {
		b, err := chain.DecodeBlock(raw)
		if err != nil || b.Header.Height != int64(i)+1 {
			t.Fatalf("block %d: %v", i+1, err)
		}
		commit, err := s.client.CommitAt(t.Context(), b.Header.Height)
		if err != nil {
			t.Fatal(err)
		}
		c, err := chain.DecodeCommit(commit)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.client.Trust().VerifyHeader(&b.Header, c); err != nil {
			t.Errorf("block %d: %v", i+1, err)
		}
	}
}
