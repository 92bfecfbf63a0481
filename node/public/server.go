package public

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"time"

	"github.com/cometbft/cometbft/types"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/x/ledger"
)

// Pool of transactions that wait for a block.
type Pool interface {
	// Submit waits for the verdicts; it must own the bytes.
	Submit(ctx context.Context, from mempool.Source, raws [][]byte) []mempool.Answer
	// Verified reports whether a transaction waits and is right.
	Verified(hash [32]byte) bool
	Status(hash [32]byte) (waits bool, dropped *ledger.Refusal)
	Size() int
}

// Blocks are the engine's stored blocks.
type Blocks interface {
	Height() int64
	Base() int64
	LoadBlock(height int64) *types.Block
	LoadBlockMeta(height int64) *types.BlockMeta
	LoadBlockPart(height int64, index int) *types.Part
	Commits
}

// Commits of stored blocks, nil where there is none.
type Commits interface {
	LoadBlockCommit(height int64) *types.Commit
	LoadSeenCommit(height int64) *types.Commit
}

// Network is what the node knows of others.
type Network interface {
	Peers() int
	CatchingUp() bool
	Validators() int
}

// Config of the interface; everything is needed but Origins and Logger.
type Config struct {
	App *app.App
	// Keepers answer about the application's state.
	Keepers Keepers
	Pool    Pool
	Blocks  Blocks
	Network Network
	// Ack signs acknowledgements.
	Ack     sign.PrivateKey
	Genesis *genesis.Genesis
	Mode    string
	// Version of the program.
	Version string
	// Origins of web pages that may ask.
	Origins []string
	// ReadyLag: a node whose last block is older is not ready.
	ReadyLag time.Duration
	Now      func() time.Time
	Logger   *slog.Logger
}

// Server answers. It is safe for concurrent use.
type Server struct {
	Config
	blocks blockCache
	// budget of requests, answers of answers.
	budget, answers budget
	// streaming bounds the blocks that are streamed at once.
	streaming turns
}

// New makes the handler of all routes.
func New(cfg Config) (http.Handler, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{Config: cfg, streaming: make(turns, streams)}
	s.budget.limit, s.answers.limit = bodyBudget, answerBudget
	s.blocks.loading = make(turns, streams)
	mux := http.NewServeMux()
	hc := huma.DefaultConfig("Urna node", cfg.Version)
	hc.Info.Description = "Public interface of a node of the ledger of anonymous encrypted ballots."
	hc.OpenAPIPath, hc.DocsPath, hc.SchemasPath = "", "", ""
	// The hook would add a member to every answer.
	hc.CreateHooks = nil
	hc.RejectUnknownQueryParameters = true
	api := humago.New(mux, hc)
	s.routeNode(api)
	s.routeTransactions(api)
	s.routeBlocks(api)
	s.routeLog(api)
	s.routeElections(api)
	s.routeClaims(api)
	s.routeCounting(api)
	s.routeCommission(api)
	description, err := json.MarshalIndent(api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the public interface: %w", err)
	}
	mux.HandleFunc("GET /v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(description) // the client went away
	})
	return s.guard(mux), nil
}

// guard is around every route.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		w := &written{ResponseWriter: to, budget: &s.answers}
		defer s.recover(w)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if s.cross(w, r) {
			return
		}
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			problem(w, http.StatusUnprocessableEntity, "the query is malformed")
			return
		}
		for name, values := range query {
			if len(values) > 1 {
				problem(w, http.StatusUnprocessableEntity, fmt.Sprintf("query parameter %q is given %d times", name, len(values)))
				return
			}
		}
		if r.Method == http.MethodPost {
			release, received := s.receive(w, r)
			if !received {
				return
			}
			defer release()
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sourceKey{}, sourceOf(r.RemoteAddr))))
	})
}

// sourceKey is where a request's context says whence it comes.
type sourceKey struct{}

// sourceOf says who is given a turn: an address (of IPv6 the part that a network
// is given), and within it a connection.
func sourceOf(remote string) mempool.Source {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return mempool.Source{Group: remote}
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			addr = network.Addr()
		}
	}
	return mempool.Source{Group: addr.String(), Name: remote}
}

// cross lets the pages of allowed origins ask, and answers their preflight.
func (s *Server) cross(w http.ResponseWriter, r *http.Request) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" || !slices.Contains(s.Origins, origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Add("Vary", "Origin")
	if r.Method != http.MethodOptions {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// recover answers when a route fails: the disk, or a fault of the program.
func (s *Server) recover(w *written) {
	r := recover()
	if r == nil {
		return
	}
	if r == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(r)
	}
	var failed *store.Failure
	if err, ok := r.(error); ok && errors.As(err, &failed) {
		s.Logger.Error("store failed while answering", "reason", failed)
	} else {
		s.Logger.Error("fault while answering", "reason", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
	if w.began {
		// The rest must not look like an end.
		panic(http.ErrAbortHandler)
	}
	problem(w, http.StatusInternalServerError, "the node failed to answer; its log says why")
}

// problem writes an error in the form in which all errors are written.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A client that went away is no error.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}

// answer wraps a value as the body of a route's answer.
type answer[T any] struct {
	Body T
}

func ok[T any](v T) (*answer[T], error) { return &answer[T]{Body: v}, nil }

// raw is an answer that is no JSON.
type raw struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// none is a route without parameters.
type none struct{}
