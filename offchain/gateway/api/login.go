package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Placer knows which of a panel's members this gateway is.
type Placer interface {
	Place(ctx context.Context, election [32]byte, style uint32, entry [32]byte) (issue.Place, error)
}

// Channels knows how well messages go.
type Channels interface {
	Health(ch notice.Channel) notice.Health
}

// Login is the part of log-in at a portal, one-time codes and disputes.
type Login struct {
	Sessions *session.Store
	Codes    *otp.Desk
	People   *people.Store
	Channels Channels
	Placer   Placer
	Disputes *auth.Disputes
	Now      func() time.Time
}

// Register adds the routes.
func (p Login) Register(f *Frame) {
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/login", ID: "login", Summary: "Begin a log-in at the portal", Room: true,
		Refusals: []*texts.Kind{texts.LoginPurpose, texts.LoginReturn}}, p.begin)
	Handle(f, Route{Method: http.MethodGet, Path: "/login/{id}", ID: "login-go", Summary: "Send the browser to the portal", Status: http.StatusSeeOther,
		Refusals: []*texts.Kind{texts.LoginOver, texts.LoginPortal}}, p.leave)
	Handle(f, Route{Method: http.MethodGet, Path: "/login/callback", ID: "login-callback", Summary: "Take the browser back from the portal", Status: http.StatusSeeOther, AnyQuery: true,
		Refusals: []*texts.Kind{texts.LoginOver, texts.LoginBrowser}}, func(ctx context.Context, in *callbackInput) (*away, error) { return p.callback(ctx, f, in) })
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/session", ID: "session", Summary: "Redeem a finished log-in",
		Refusals: []*texts.Kind{texts.LoginOver}}, p.redeem)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/code", ID: "code-send", Summary: "Send a one-time code",
		Refusals: []*texts.Kind{texts.Session, texts.LoginPurpose, texts.CodeWait, texts.ChannelAbsent, texts.ChannelFull, texts.NotOpen, texts.Entry, texts.UnknownElection}}, p.send)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/code", ID: "code-state", Summary: "What became of the last message with a code",
		Refusals: []*texts.Kind{texts.Session, texts.LoginPurpose, texts.CodeNone}}, p.state)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/dispute", ID: "dispute", Summary: "Say that nobody asked for the token of one's entry",
		Refusals: []*texts.Kind{texts.Session, texts.LoginPurpose}}, p.dispute)
}

type beginInput struct {
	Body api.LoginRequest
}

func (p Login) begin(ctx context.Context, in *beginInput) (*Answer[api.LoginAnswer], error) {
	var election, request, challenge [32]byte
	err := errors.Join(Fixed("election", in.Body.Election, &election), Fixed("challenge", in.Body.Challenge, &challenge))
	if len(in.Body.Request) > 0 {
		err = errors.Join(err, Fixed("request", in.Body.Request, &request))
	}
	if err != nil {
		return nil, err
	}
	id, address, err := p.Sessions.Begin(ctx, session.Purpose(in.Body.Purpose), election, request, challenge, in.Body.Return)
	if err != nil {
		return nil, LoginRefusal(err)
	}
	return &Answer[api.LoginAnswer]{api.LoginAnswer{ID: id, URL: address}}, nil
}

type leaveInput struct {
	ID string `path:"id" maxLength:"64"`
}

// away sends a browser elsewhere.
type away struct {
	Location string       `header:"Location"`
	Cookie   *http.Cookie `header:"Set-Cookie"`
}

func (p Login) leave(ctx context.Context, in *leaveInput) (*away, error) {
	redirect, cookie, err := p.Sessions.Go(ctx, in.ID)
	if err != nil {
		return nil, LoginRefusal(err)
	}
	return &away{Location: redirect, Cookie: cookie}, nil
}

// callbackInput takes query and cookies as they are: which of them there are is
// the portal's business.
type callbackInput struct {
	query   url.Values
	cookies []*http.Cookie
}

// Resolve implements huma.Resolver.
func (in *callbackInput) Resolve(ctx huma.Context) []error {
	at := ctx.URL()
	in.query = at.Query()
	in.cookies = huma.ReadCookies(ctx)
	return nil
}

func (p Login) callback(ctx context.Context, f *Frame, in *callbackInput) (*away, error) {
	to, spent, err := p.Sessions.Callback(ctx, in.query, in.cookies)
	if to == "" {
		return nil, LoginRefusal(err)
	}
	// A refusal goes to the page that began, by name; what the portal or this
	// gateway did wrong is told to the log as of any other route.
	if err != nil {
		f.refused(f.refusal(ctx, LoginRefusal(err)).Kind.Name)
	}
	return &away{Location: to, Cookie: spent}, nil
}

type redeemInput struct {
	Body api.SessionRequest
}

func (p Login) redeem(ctx context.Context, in *redeemInput) (*Answer[api.SessionAnswer], error) {
	s, bearer, err := p.Sessions.Redeem(ctx, in.Body.ID, in.Body.Verifier)
	if err != nil {
		return nil, LoginRefusal(err)
	}
	out := api.SessionAnswer{Session: bearer, ExpiresS: int64(s.Ends.Sub(p.Now()).Seconds()), Mark: s.Mark(), Channels: []string{}}
	if s.Purpose == session.Application {
		return &Answer[api.SessionAnswer]{out}, nil
	}
	out.Entry, out.Style = s.Entry[:], s.Style
	person, there, err := p.People.Of(ctx, s.Election, s.Entry)
	if err != nil {
		return nil, err
	}
	if there {
		for _, ch := range p.channels(person) {
			out.Channels = append(out.Channels, ch.String())
		}
	}
	return &Answer[api.SessionAnswer]{out}, nil
}

// channels of a person, those that work now first.
func (p Login) channels(person people.Person) []notice.Channel {
	all := auth.Reachable(person)
	all = slices.DeleteFunc(all, func(ch notice.Channel) bool { return p.Channels.Health(ch).Condition == notice.Absent })
	slices.SortStableFunc(all, func(a, b notice.Channel) int {
		return int(p.Channels.Health(a).Condition) - int(p.Channels.Health(b).Condition)
	})
	return all
}

// issuing finds the session of a request that is for a token, and its person.
func (p Login) issuing(ctx context.Context, bearer Bearer) (session.Session, people.Person, error) {
	s, err := p.Sessions.Look(ctx, bearer.Token())
	if err != nil {
		return s, people.Person{}, LoginRefusal(err)
	}
	if s.Purpose != session.Token {
		return s, people.Person{}, Refuse(texts.LoginPurpose, "session", "it is not for a token")
	}
	person, there, err := p.People.Of(ctx, s.Election, s.Entry)
	if err == nil && !there {
		err = Refuse(texts.LoginNotListed, "entry", "the list of persons does not hold it any more")
	}
	return s, person, err
}

type sendInput struct {
	Bearer
	Body api.CodeRequest
}

func (p Login) send(ctx context.Context, in *sendInput) (*Answer[api.CodeAnswer], error) {
	s, person, err := p.issuing(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	channel, err := notice.ParseChannel(in.Body.Channel)
	if err != nil {
		return nil, Refuse(texts.Malformed, "channel", "neither sms nor mail")
	}
	if !slices.Contains(p.channels(person), channel) {
		return nil, Refuse(texts.ChannelAbsent, "channel", "no such channel here, or no address for it")
	}
	place, err := p.Placer.Place(ctx, s.Election, s.Style, s.Entry)
	if err != nil {
		return nil, issuanceRefusal(err)
	}
	organisation := auth.Organisation{Number: place.Number, Of: place.Of, Name: place.Name}
	sent, err := p.Codes.Send(ctx, auth.CodeKey(p.Codes, s), channel, func(digits string) notice.Message {
		return auth.CodeMessage(person, channel, organisation, digits, s.Mark())
	})
	if err != nil {
		return nil, LoginRefusal(err)
	}
	return p.told(sent, person), nil
}

type stateInput struct {
	Bearer
}

func (p Login) state(ctx context.Context, in *stateInput) (*Answer[api.CodeAnswer], error) {
	s, person, err := p.issuing(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	sent, there, err := p.Codes.Last(ctx, auth.CodeKey(p.Codes, s))
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, Refuse(texts.CodeNone, "code", "none was sent in this session")
	}
	return p.told(sent, person), nil
}

// told says how it stands with a message, and whether another channel is better.
func (p Login) told(sent otp.Sent, person people.Person) *Answer[api.CodeAnswer] {
	out := api.CodeAnswer{
		Channel: sent.Channel.String(), State: sent.State.Phase.String(), Digits: p.Codes.Digits(),
		ExpiresS: ceil(sent.Valid), ResendS: ceil(sent.Resend),
	}
	if sent.State.Phase == notice.Failed {
		out.Reason = sent.State.Reason.String()
	}
	if p.Channels.Health(sent.Channel).Condition != notice.Good || sent.State.Phase == notice.Failed {
		for _, ch := range p.channels(person) {
			if ch != sent.Channel && p.Channels.Health(ch).Condition == notice.Good {
				out.Advice = ch.String()
			}
		}
	}
	return &Answer[api.CodeAnswer]{out}
}

func ceil(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

type disputeInput struct {
	Bearer
	Body api.DisputeRequest
}

func (p Login) dispute(ctx context.Context, in *disputeInput) (*Answer[api.DisputeAnswer], error) {
	s, err := p.Sessions.Look(ctx, in.Token())
	if err != nil {
		return nil, LoginRefusal(err)
	}
	if s.Purpose != session.Dispute {
		return nil, Refuse(texts.LoginPurpose, "session", "it is not for a dispute")
	}
	endorsed, counted, err := p.Disputes.Raise(ctx, s.Election, s.Entry)
	if err != nil {
		return nil, err
	}
	return &Answer[api.DisputeAnswer]{api.DisputeAnswer{Endorsed: endorsed, Counted: counted}}, nil
}
