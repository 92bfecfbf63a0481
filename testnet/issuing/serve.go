package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/processor"
	"github.com/urna-vote/urna/internal/sample"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/metrics"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/server"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
)

var electionID = [32]byte{7}

// started is what the gateway tells whoever measures it.
type started struct {
	Address, Control string
	// SignMicroseconds of processor time that one private-key operation takes.
	SignMicroseconds float64
}

// serve runs a gateway for so many voters until its input ends.
func serve(where string, voters int, profile string) error {
	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	db, err := database.Open(ctx, where)
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := &gateway{db: db, address: "http://" + listener.Addr().String(), codes: map[string]string{}, records: map[[32]byte]*issuancev1.IssueToken{}}
	handler, err := g.assemble(ctx, voters)
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(control, g.control()) }() //nolint:gosec // for this measurement on loopback
	srv := server.New(server.Config{Connections: 20_000, RequestTime: gatewayapi.RequestTime}, listener)
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx, handler) }()
	told := started{Address: g.address, Control: "http://" + control.Addr().String(), SignMicroseconds: g.signTime()}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // whoever measures has ended
	stop()
	return errors.Join(<-ended, g.outbox.Close(context.Background()))
}

// gateway under measurement, and what is simulated around it.
type gateway struct {
	db      *database.DB
	address string
	ring    *keyring.Ring
	outbox  *notice.Outbox
	desk    *otp.Desk

	mu      sync.Mutex
	codes   map[string]string
	records map[[32]byte]*issuancev1.IssueToken
}

func (g *gateway) assemble(ctx context.Context, voters int) (http.Handler, error) {
	var err error
	if g.ring, err = keyring.Make(ctx, []keyring.Slot{{Election: electionID}, {Election: electionID, Panel: 1}}, blindtoken.DefaultBits, 2, nil); err != nil {
		return nil, err
	}
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	persons := people.New(g.db, key)
	list := make([]people.Person, voters)
	for i := range list {
		list[i] = people.Person{Election: electionID, Entry: entryOf(i), Style: 1, Subject: subjectOf(i), Phone: phoneOf(i), Language: people.Russian}
	}
	people.Sort(list)
	if _, err := persons.Import(ctx, list); err != nil {
		return nil, err
	}
	c := notice.Default()
	c.Senders, c.Now, c.Random = map[notice.Channel]notice.Sender{notice.SMS: g}, time.Now, rand.Reader
	if g.outbox, err = notice.New(c); err != nil {
		return nil, err
	}
	sessions, err := session.New(session.Config{Database: g.db, Vault: key, Portal: atOnce{}, Roll: persons, Public: g.address, Purposes: []session.Purpose{session.Token}, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	if g.desk, err = otp.New(otp.Config{Database: g.db, Vault: key, Outbox: g.outbox, Digits: 6, Now: time.Now, Random: rand.Reader}); err != nil {
		return nil, err
	}
	store := register.New(g.db)
	issuer := issue.New(issue.Config{ChainID: sample.ChainID, Operator: sample.Key("issuer-0"), Keys: g.ring, Store: store, Auth: auth.NewPortal(store, sessions, g.desk), Ledger: g})
	crowd, err := room.New(ctx, room.Config{Database: g.db, PerSecond: 100_000, Waiting: 1_000_000, Now: time.Now, Used: func() time.Duration { return 0 }})
	if err != nil {
		return nil, err
	}
	count := limits.NewPersons(g.db, 1000, time.Now)
	warn := func(err error) { fmt.Fprintln(os.Stderr, "issuing:", err) }
	go crowd.Run(ctx, warn)
	go count.Run(ctx, warn)
	return gatewayapi.New(gatewayapi.Config{
		Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: recorded{issuer, g}}, gatewayapi.Room{Room: crowd}, gatewayapi.Login{
			Sessions: sessions, Codes: g.desk, People: persons, Channels: g.outbox, Placer: issuer, Disputes: auth.NewDisputes(g.db), Now: time.Now,
		}},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: time.Now, Addresses: limits.NewAddresses(1_000_000, nil, time.Now),
		Persons: count, Room: crowd, Metrics: metrics.New(),
		Person: func(ctx context.Context, bearer string) (key32 [32]byte, ok bool) {
			s, err := sessions.Look(ctx, bearer)
			return key.Index("limits/person", string(s.Entry[:])), err == nil
		},
	})
}

// signTime is the processor time of one private-key operation in microseconds.
func (g *gateway) signTime() float64 {
	key, _ := g.ring.Key(g.ring.Slots()[0])
	blinded := make([]byte, 256)
	_, _ = rand.Read(blinded[1:])
	const times = 200
	begun := processor.Time()
	for range times {
		if _, err := key.Sign(blinded); err != nil {
			panic(fmt.Sprintf("issuing: sign: %v", err))
		}
	}
	return (processor.Time() - begun).Seconds() / times * 1e6
}

// Send implements notice.Sender: the code goes to the control port.
func (g *gateway) Send(_ context.Context, m notice.Message) (notice.Delivery, error) {
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(m.Text)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.codes[m.To] = code
	return notice.Delivery{}, nil
}

// control tells codes, and what the process takes of the machine.
func (g *gateway) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /code", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprint(w, g.codes[r.URL.Query().Get("phone")])
	})
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(usageNow()) })
	mux.HandleFunc("POST /checks", func(w http.ResponseWriter, r *http.Request) {
		perSecond, err := g.checks(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(perSecond)
	})
	return mux
}

var definition = sync.OnceValue(sample.Definition)

// Definition, Standing and Token are the ledger as the gateway sees it.
func (g *gateway) Definition(context.Context, [32]byte) (*electionv1.Definition, error) {
	return definition(), nil
}

// Standing implements issue.Ledger.
func (g *gateway) Standing(context.Context, [32]byte, uint32, [32]byte) (issue.Standing, error) {
	key, _ := g.ring.Key(keyring.Slot{Election: electionID})
	return issue.Standing{Open: true, Moduli: [][]byte{key.Public().Encode(), {1}}, InRoll: true}, nil
}

// Token implements issue.Ledger.
func (g *gateway) Token(_ context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.records[hash]
	if !ok {
		return nil, issue.ErrNotOnRecord
	}
	return t, nil
}

// recorded puts what is endorsed on the ledger, under the hash of its entry.
type recorded struct {
	*issue.Gateway
	ledger *gateway
}

// Endorse implements the API's Issuer.
func (r recorded) Endorse(ctx context.Context, e issue.EndorseRequest) ([sign.SignatureSize]byte, error) {
	signature, err := r.Gateway.Endorse(ctx, e)
	if err != nil {
		return signature, err
	}
	t := &issuancev1.IssueToken{
		ElectionId: e.Claim.Election[:], Style: e.Claim.Style, Panel: e.Panel, Entry: e.Claim.Entry[:], ClaimKeyHash: e.ClaimKeyHash[:],
		Endorsements: [][]byte{signature[:], make([]byte, sign.SignatureSize)},
	}
	for i := range e.BlindedHashes {
		t.BlindedHashes = append(t.BlindedHashes, e.BlindedHashes[i][:])
	}
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	r.ledger.records[sha256.Sum256(e.Claim.Entry[:])] = t
	return signature, nil
}

// atOnce is a portal that knows everybody: the code of its answer is the subject.
type atOnce struct{}

// Start implements login.Provider.
func (atOnce) Start(_ context.Context, a login.Attempt) (string, error) {
	return "http://127.0.0.1:9/?state=" + url.QueryEscape(a.State), nil
}

// Finish implements login.Provider.
func (atOnce) Finish(_ context.Context, a login.Attempt, query url.Values) (login.Account, error) {
	if err := a.CheckState(query); err != nil {
		return login.Account{}, err
	}
	return login.Account{Subject: strings.TrimSpace(query.Get("code")), Confirmed: true}, nil
}
