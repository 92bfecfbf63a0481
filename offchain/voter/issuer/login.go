package issuer

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/urna-vote/urna/proto/api"
)

// Bearer opens a session at the gateway that gave it. It prints as a redaction.
type Bearer struct{ text string }

// String is a redaction.
func (Bearer) String() string { return "[session]" }

// GoString is a redaction.
func (Bearer) GoString() string { return "[session]" }

// Login begins a log-in at the issuer's portal. Where there is a queue before it,
// it waits for its turn.
func (g *Gateway) Login(ctx context.Context, r api.LoginRequest) (out api.LoginAnswer, err error) {
	err = g.call(ctx, http.MethodPost, "/v1/login", r, &out)
	for tries := 0; Refused(err, "room") && tries < rounds; tries++ {
		var ticket string
		if ticket, err = g.queue(ctx); err != nil {
			return out, err
		}
		err = g.callWith(ctx, http.Header{api.RoomTicketHeader: {ticket}}, http.MethodPost, "/v1/login", r, &out)
	}
	return out, err
}

// queue takes a ticket and waits until it is admitted.
func (g *Gateway) queue(ctx context.Context) (string, error) {
	var at api.RoomPlace
	if err := g.call(ctx, http.MethodPost, "/v1/room", struct{}{}, &at); err != nil {
		return "", fmt.Errorf("take a ticket of the queue: %w", err)
	}
	for !at.Admitted {
		if g.waiting != nil {
			g.waiting(at)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(max(firstPause, time.Duration(at.AskAgainS)*time.Second)):
		}
		ticket := at.Ticket
		at = api.RoomPlace{}
		if err := g.call(ctx, http.MethodGet, "/v1/room/"+url.PathEscape(ticket), nil, &at); err != nil {
			return "", fmt.Errorf("ask for the place in the queue: %w", err)
		}
		at.Ticket = ticket
	}
	return at.Ticket, nil
}

// WhileWaiting makes a client that tells the place in the queue before a log-in.
func (g *Gateway) WhileWaiting(tell func(api.RoomPlace)) *Gateway {
	other := *g
	other.waiting = tell
	return &other
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

// CodeState tells what became of the last code of this session.
func (g *Gateway) CodeState(ctx context.Context, session Bearer) (api.CodeAnswer, error) {
	var out api.CodeAnswer
	return out, g.callAs(ctx, session, http.MethodGet, "/v1/code", nil, &out)
}

// EndorseAs asks for the endorsement of the record that the session is for.
func (g *Gateway) EndorseAs(ctx context.Context, session Bearer, r api.TokenRequest) ([]byte, error) {
	var out api.TokenAnswer
	err := g.callAs(ctx, session, http.MethodPost, "/v1/token", r, &out)
	return out.Endorsement, err
}
