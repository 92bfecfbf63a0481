package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/metrics"
	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Config is all the frame is made of.
type Config struct {
	// Parts add the routes.
	Parts []Part
	Log   *slog.Logger
	// Origins of the voter pages that may call from a browser.
	Origins []string
	// Encrypted: people reach the gateway by https, be it through a proxy that ends it.
	Encrypted bool
	Now       func() time.Time
	// Addresses and Persons hold greedy ones back, Room a crowd; nil holds nobody.
	Addresses *limits.Addresses
	Persons   *limits.Persons
	Room      *room.Room
	// Person whom a session is of, by a keyed hash; false for no session.
	Person func(ctx context.Context, bearer string) (key [32]byte, ok bool)
	// Metrics count requests; nil counts nothing.
	Metrics *metrics.Set
}

// Part is one subject's routes. It adds them with Handle.
type Part interface {
	Register(f *Frame)
}

// Frame holds the routes while they are added.
type Frame struct {
	cfg  Config
	huma huma.API
	// routes by pattern, as the guard needs them.
	routes map[string]Route
	known  known
	// tally of requests for the log.
	tally tally
	// seldom tells the log of refusals with a cause.
	seldom seldom
}

// Route describes a route.
type Route struct {
	// ID names it in the description, Summary says what it is for.
	Method, Path, ID, Summary string
	// Refusals that it may answer besides those of every route.
	Refusals []*texts.Kind
	// Room: while the waiting room is active, only with a ticket that was admitted.
	Room bool
	// Serves: whoever is answered well got what the log-in was for.
	Serves bool
	// MaxBody of a request in bytes, 0 for the usual limit.
	MaxBody int64
	// Status of success, 0 for 200.
	Status int
	// AnyQuery: others than we write the query.
	AnyQuery bool
}

// RequestTime limits the work for one request.
const RequestTime = 20 * time.Second

// usualBody limits a request in bytes; the largest right one has about 4 KiB.
const usualBody = 16 << 10

// bodyTime is how long a request's body may take to come.
const bodyTime = 10 * time.Second

// everyRoute may be answered with these.
var everyRoute = []*texts.Kind{texts.Malformed, texts.TooMany, texts.TooLarge, texts.TooSlow, texts.Unavailable, texts.Internal}

// DescriptionPath is where the OpenAPI description is.
const DescriptionPath = "/openapi.json"

// New makes the handler of all parts.
func New(cfg Config) (http.Handler, error) {
	mux := http.NewServeMux()
	hc := huma.DefaultConfig("Urna gateway", "1")
	hc.Info.Description = "An issuing organisation's gateway: it checks who may have a ballot and signs tokens blindly."
	hc.OpenAPIPath, hc.DocsPath, hc.SchemasPath = "", "", ""
	// The hook would add a member to every answer.
	hc.CreateHooks = nil
	hc.RejectUnknownQueryParameters = true
	hc.Formats = map[string]huma.Format{
		"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat,
		"text/html": {Marshal: writePage},
	}
	f := &Frame{cfg: cfg, routes: map[string]Route{}}
	hc.Transformers = []huma.Transformer{f.translate}
	f.huma = humago.New(mux, hc)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/problems/{name}", ID: "problem", Summary: "What is said of a kind of problem", Refusals: []*texts.Kind{texts.NoRoute}}, problemText)
	for _, part := range cfg.Parts {
		part.Register(f)
	}
	describeFields(f.huma.OpenAPI().Components.Schemas)
	description, err := json.MarshalIndent(f.huma.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the interface: %w", err)
	}
	mux.HandleFunc("GET "+DescriptionPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(description) // the client went away
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		f.refuse(w, r, Refuse(texts.NoRoute, "path", "no such route"))
	})
	return f.guard(mux), nil
}

// Handle adds a route. Errors of the handler: *Refusal is answered as it says;
// a context that ended as unavailable; anything else as internal, with its text
// in the log only, so errors must hold nothing of the request.
func Handle[I, O any](f *Frame, route Route, handler func(context.Context, *I) (*O, error)) {
	f.routes[route.Method+" "+route.Path] = route
	huma.Register(f.huma, f.operation(route), func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			refusal := f.refusal(ctx, err)
			f.refused(refusal.Kind.Name)
			return nil, newProblem(refusal, languageOf(ctx))
		}
		return out, nil
	})
}

func (f *Frame) operation(route Route) huma.Operation {
	op := huma.Operation{
		OperationID: route.ID, Method: route.Method, Path: route.Path, Summary: route.Summary, DefaultStatus: route.Status,
		MaxBodyBytes: route.MaxBody, BodyReadTimeout: bodyTime, SkipValidateParams: route.AnyQuery, Responses: map[string]*huma.Response{},
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = usualBody
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	schema := huma.SchemaFromType(f.huma.OpenAPI().Components.Schemas, errorType)
	names := map[int][]string{http.StatusUnprocessableEntity: {texts.Malformed.Name}, http.StatusUnsupportedMediaType: {texts.Malformed.Name}}
	for _, kind := range append(slices.Clone(route.Refusals), everyRoute...) {
		names[kind.Status] = append(names[kind.Status], kind.Name)
	}
	if route.Room {
		names[texts.Room.Status] = append(names[texts.Room.Status], texts.Room.Name)
		names[texts.RoomTicket.Status] = append(names[texts.RoomTicket.Status], texts.RoomTicket.Name)
	}
	for status, list := range names {
		slices.Sort(list)
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: fmt.Sprintf("Refusal: %v", slices.Compact(list)),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}
	}
	return op
}

// Answer is a value as the body of an answer.
type Answer[T any] struct {
	Body T
}

// Bearer is the part of a request that carries a session.
type Bearer struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session"`
}

const bearerPrefix = "Bearer "

// Token gives the session's secret, empty if there is none.
func (b Bearer) Token() string {
	if len(b.Authorization) <= len(bearerPrefix) || b.Authorization[:len(bearerPrefix)] != bearerPrefix {
		return ""
	}
	return b.Authorization[len(bearerPrefix):]
}

// Fixed reads a field of 32 bytes.
func Fixed(field string, in api.Hex, out *[32]byte) error {
	if len(in) != len(out) {
		return Refuse(texts.Malformed, field, "%d bytes where %d are expected", len(in), len(out))
	}
	*out = [32]byte(in)
	return nil
}

type problemInput struct {
	Name string `path:"name" pattern:"^[a-z-]{1,40}$"`
}

func problemText(_ context.Context, in *problemInput) (*Answer[api.ProblemText], error) {
	kind, ok := texts.Find(in.Name)
	if !ok {
		return nil, Refuse(texts.NoRoute, "name", "no such problem")
	}
	both := func(b texts.Both) map[string]string {
		return map[string]string{string(texts.Russian): b.RU, string(texts.English): b.EN}
	}
	return &Answer[api.ProblemText]{api.ProblemText{Name: kind.Name, Status: kind.Status, Title: both(kind.Title), Detail: both(kind.Detail), Next: both(kind.Next)}}, nil
}
