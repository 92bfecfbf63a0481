package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/urna-vote/urna/proto/api"
)

// Limits of the talk with a gateway.
const (
	maxAnswer   = 64 << 10
	maxFile     = 2 << 20
	dialTimeout = 20 * time.Second
	rounds      = 5
	firstPause  = 200 * time.Millisecond
)

// ErrUnavailable: no address of the gateway answered.
var ErrUnavailable = errors.New("gateway does not answer")

// Refusal is a gateway's answer that is not what was asked for. Name is one of
// those of api.GatewayError.
type Refusal struct {
	Status int
	api.GatewayError
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("gateway refuses (%s): %s", r.Name, r.Reason)
	if r.Detail != "" {
		text = fmt.Sprintf("%s %s (%s)", r.Detail, r.Next, r.Name)
	}
	if r.RetryAfterS > 0 {
		text += fmt.Sprintf(" (ask again in %d s)", r.RetryAfterS)
	}
	return text
}

// Refused reports whether the error is a gateway's refusal of the given name.
func Refused(err error, name string) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Name == name
}

// Gateway is one issuer's gateway. It is safe for concurrent use.
type Gateway struct {
	addresses []string
	http      *http.Client
	language  string
	waiting   func(api.RoomPlace)
}

// Speak makes a client that asks for texts in a language ("ru", "en").
func (g *Gateway) Speak(language string) *Gateway {
	other := *g
	other.language = language
	return &other
}

// New makes a client of a gateway with one or more addresses
// ("https://gateway.example"). A nil transport takes the standard one.
func New(transport http.RoundTripper, addresses ...string) (*Gateway, error) {
	g := &Gateway{http: &http.Client{
		Transport: transport, Timeout: dialTimeout,
		// A redirect would carry the voter's code to an address nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, fmt.Errorf("gateway address %q: must be like https://gateway.example", a)
		}
		g.addresses = append(g.addresses, strings.TrimRight(a, "/"))
	}
	if len(g.addresses) == 0 {
		return nil, errors.New("gateway without an address")
	}
	return g, nil
}

// Info says whose gateway it is.
func (g *Gateway) Info(ctx context.Context) (*api.GatewayInfo, error) {
	out := new(api.GatewayInfo)
	return out, g.call(ctx, http.MethodGet, "/v1/info", nil, out)
}

// Endorse asks for the endorsement of a record.
func (g *Gateway) Endorse(ctx context.Context, r api.TokenRequest) ([]byte, error) {
	var out api.TokenAnswer
	err := g.call(ctx, http.MethodPost, "/v1/token", r, &out)
	return out.Endorsement, err
}

// Sign asks for the blind signature of a message on record.
func (g *Gateway) Sign(ctx context.Context, r api.SignRequest) ([]byte, error) {
	var out api.SignAnswer
	err := g.call(ctx, http.MethodPost, "/v1/sign", r, &out)
	return out.Signature, err
}

// call asks each address, and all again after a pause, until one gives an
// answer that another would give too. Every request may be repeated: the
// gateway gives the same answer to the same request.
func (g *Gateway) call(ctx context.Context, method, path string, in, out any) error {
	return g.callWith(ctx, nil, method, path, in, out)
}

func (g *Gateway) callAs(ctx context.Context, session Bearer, method, path string, in, out any) error {
	return g.callWith(ctx, http.Header{"Authorization": {"Bearer " + session.text}}, method, path, in, out)
}

func (g *Gateway) callWith(ctx context.Context, header http.Header, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	var last error
	pause := firstPause
	for round := range rounds {
		if round > 0 {
			select {
			case <-ctx.Done():
				return errors.Join(ctx.Err(), last)
			case <-time.After(pause):
			}
			pause *= 2
		}
		for _, address := range g.addresses {
			err := g.once(ctx, header, method, address+path, body, out)
			var refusal *Refusal
			if err == nil || (errors.As(err, &refusal) && refusal.Status < 500) {
				return err
			}
			if ctx.Err() != nil {
				return errors.Join(ctx.Err(), err)
			}
			last = err
		}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, last)
}

func (g *Gateway) once(ctx context.Context, header http.Header, method, address string, body []byte, out any) error {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if g.language != "" {
		request.Header.Set("Accept-Language", g.language)
	}
	response, err := g.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	limit := maxAnswer
	if _, file := out.(*[]byte); file {
		limit = maxFile
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if len(answer) > limit {
		return fmt.Errorf("answer is longer than %d bytes", limit)
	}
	if response.StatusCode != http.StatusOK {
		refusal := &Refusal{Status: response.StatusCode}
		if err := json.Unmarshal(answer, &refusal.GatewayError); err != nil || refusal.Name == "" {
			refusal.GatewayError = api.GatewayError{Name: "unavailable", Reason: fmt.Sprintf("status %d without a reason", response.StatusCode)}
			refusal.Status = max(refusal.Status, 500)
		}
		return refusal
	}
	if file, ok := out.(*[]byte); ok {
		*file = answer
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
