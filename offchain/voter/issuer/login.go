package issuer

import (
	"context"
	"net/http"

	"github.com/urna-vote/urna/proto/api"
)

// Bearer opens a session at the gateway that gave it. It prints as a redaction.
type Bearer struct{ text string }

// String is a redaction.
func (Bearer) String() string { return "[session]" }

// GoString is a redaction.
func (Bearer) GoString() string { return "[session]" }

// Login begins a log-in at the issuer's portal.
func (g *Gateway) Login(ctx context.Context, r api.LoginRequest) (api.LoginAnswer, error) {
	var out api.LoginAnswer
	return out, g.call(ctx, http.MethodPost, "/v1/login", r, &out)
}

// Session redeems a finished log-in.
func (g *Gateway) Session(ctx context.Context, r api.SessionRequest) (Bearer, api.SessionAnswer, error) {
	var out api.SessionAnswer
	err := g.call(ctx, http.MethodPost, "/v1/session", r, &out)
	bearer := Bearer{out.Session}
	out.Session = ""
	return bearer, out, err
}

// SendCode asks for a one-time code by a channel.
func (g *Gateway) SendCode(ctx context.Context, session Bearer, channel string) (api.CodeAnswer, error) {
	var out api.CodeAnswer
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/code", api.CodeRequest{Channel: channel}, &out)
}

// EndorseAs asks for the endorsement of the record that the session is for.
func (g *Gateway) EndorseAs(ctx context.Context, session Bearer, r api.TokenRequest) ([]byte, error) {
	var out api.TokenAnswer
	err := g.callAs(ctx, session, http.MethodPost, "/v1/token", r, &out)
	return out.Endorsement, err
}
