package crowd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/testnet/inbox"
)

// Person is a simulated voter with a browser and a telephone. It is a
// session.Person.
type Person struct {
	Browser *Browser
	// Phone reads what the telephone got.
	Phone *Phone
	// Typed, if set, may change a code before it is handed in.
	Typed func(code string) string
}

// Returns implements session.Person. Nobody listens there: the browser stops
// before.
func (p *Person) Returns(n int) ([]string, error) {
	out := make([]string, n)
	for i := range out {
		var name [16]byte
		if _, err := rand.Read(name[:]); err != nil {
			return nil, err
		}
		out[i] = "http://127.0.0.1:49151/" + hex.EncodeToString(name[:])
	}
	return out, nil
}

// LogIn implements session.Person.
func (p *Person) LogIn(ctx context.Context, visits []session.Visit) ([]string, error) {
	var grants []string
	for _, v := range visits {
		grant, err := p.Browser.LogIn(ctx, v)
		if err != nil {
			return grants, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

// LogIn makes one visit and gives what came back of it.
func (b *Browser) LogIn(ctx context.Context, v session.Visit) (string, error) {
	end, err := b.Go(ctx, v.URL, v.Return)
	if err != nil {
		return "", err
	}
	query := end.Query()
	if name := query.Get("login_error"); name != "" {
		return "", &session.LoginError{Issuer: v.Issuer, Name: name}
	}
	if query.Get("login") == "" {
		return "", errors.New("browser: came back without a log-in")
	}
	return query.Get("login"), nil
}

// ErrCodeRefused: a person types what was sent, and it was refused.
var ErrCodeRefused = errors.New("the code that was sent is refused")

// Code implements session.Person.
func (p *Person) Code(ctx context.Context, q session.Question) (session.Reply, error) {
	if q.Refusal != nil && p.Typed == nil {
		messages, err := p.Phone.Messages(ctx, 0)
		return session.Reply{}, fmt.Errorf("%w at %d of %d, mark %s: %w; the telephone shows %v", ErrCodeRefused, q.Member, q.Members, q.Mark, errors.Join(q.Refusal, err), messages)
	}
	code, err := p.Phone.Code(ctx, q)
	if err != nil {
		return session.Reply{}, err
	}
	if p.Typed != nil {
		code = p.Typed(code)
	}
	return session.Reply{Code: code}, nil
}

// Wait implements session.Person.
func (p *Person) Wait(string, time.Duration) {}

// Phone is a telephone of a simulated provider.
type Phone struct {
	Number string
	// Provider is the base address at which messages are read.
	Provider string
	HTTP     *http.Client
}

// phoneWait is how long a message may be on its way.
const phoneWait = 60 * time.Second

var digits = regexp.MustCompile(`\b\d{5,10}\b`)

// Code waits for the newest message that shows mark and organisation, and reads
// its code.
func (p *Phone) Code(ctx context.Context, q session.Question) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, phoneWait)
	defer cancel()
	var after uint64
	var code string
	for {
		messages, err := p.Messages(ctx, after)
		if err != nil {
			return "", err
		}
		for _, m := range messages {
			after = max(after, m.Seq)
			if !answers(m.Text, q) {
				continue
			}
			if found := digits.FindString(m.Text); found != "" {
				code = found
			}
		}
		if code != "" {
			return code, nil
		}
	}
}

// answers reports whether a message is the one that the device asks for: two
// organisations may have drawn the same mark.
func answers(text string, q session.Question) bool {
	if !regexp.MustCompile(`\b` + regexp.QuoteMeta(q.Mark) + `\b`).MatchString(text) {
		return false
	}
	of := fmt.Sprintf("%d из %d", q.Member, q.Members)
	return q.Members == 0 || strings.Contains(text, of) || strings.Contains(text, strings.Replace(of, "из", "of", 1))
}

// Messages of the telephone after a number; it waits a while for one.
func (p *Phone) Messages(ctx context.Context, after uint64) ([]inbox.Message, error) {
	address := fmt.Sprintf("%s/messages?to=%s&after=%d&wait=20s", p.Provider, url.QueryEscape(p.Number), after)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := p.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("look at the telephone: %w", err)
	}
	defer answer.Body.Close()
	var out []inbox.Message
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("look at the telephone: %w", err)
	}
	return out, nil
}
