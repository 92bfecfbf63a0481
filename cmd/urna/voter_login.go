package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// loginTime is how long the person may take for all log-ins.
const loginTime = 10 * time.Minute

// person is whoever types: a browser on the same device, codes on a telephone.
// The browser comes back to a port of the loopback that is open for the log-in
// only.
type person struct {
	in       *bufio.Reader
	out      io.Writer
	listener net.Listener
}

func newPerson(in io.Reader, out io.Writer) *person {
	return &person{in: bufio.NewReader(in), out: out}
}

// Returns implements session.Person.
func (p *person) Returns(n int) ([]string, error) {
	p.close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser's return: %w", err)
	}
	p.listener = listener
	var out []string
	for range n {
		var name [16]byte
		if _, err := rand.Read(name[:]); err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("http://%s/%s", listener.Addr(), hex.EncodeToString(name[:])))
	}
	return out, nil
}

func (p *person) close() {
	if p.listener != nil {
		_ = p.listener.Close() // nothing was promised to whoever comes now
		p.listener = nil
	}
}

// LogIn implements session.Person: each return leads on to the next visit, so
// that the person opens one address.
func (p *person) LogIn(ctx context.Context, visits []session.Visit) ([]string, error) {
	defer p.close()
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	way := newWay(visits)
	server := &http.Server{Handler: way.handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	served := make(chan error, 1)
	listener := p.listener
	p.listener = nil // the server closes it
	go func() { served <- server.Serve(listener) }()
	names := make([]string, len(visits))
	for i, v := range visits {
		names[i] = v.Issuer
	}
	fmt.Fprint(p.out, say("open", strings.Join(names, say("then")), terminal.Plain(visits[0].URL)))
	var grants []string
	var err error
	select {
	case o := <-way.end:
		grants, err = o.grants, o.err
	case <-ctx.Done():
		err = fmt.Errorf("the browser did not come back: %w; give the same command again", ctx.Err())
	case err = <-served:
	}
	// The last page must still reach the browser.
	closing, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return grants, errors.Join(err, server.Shutdown(closing))
}

// Code implements session.Person.
func (p *person) Code(ctx context.Context, q session.Question) (session.Reply, error) {
	if q.Refusal != nil {
		fmt.Fprintln(p.out, terminal.Plain(q.Refusal.Error()))
	}
	// What a gateway says must not write over what the program says.
	q.Mark = terminal.Plain(q.Mark)
	others := slices.DeleteFunc(slices.Clone(q.Channels), func(c string) bool { return c == q.Channel })
	hint := say("again")
	for _, c := range others {
		hint += ", " + say("by", terminal.Plain(c), channelName(c))
	}
	if q.Members == 0 {
		fmt.Fprint(p.out, say("phone", channelName(q.Channel), q.Mark, hint))
	} else {
		fmt.Fprint(p.out, say("code", q.Issuer, q.Member, q.Members, channelName(q.Channel), q.Mark, hint))
	}
	line, err := p.in.ReadString('\n')
	if err != nil && line == "" {
		return session.Reply{}, fmt.Errorf("read code: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return session.Reply{}, err
	}
	switch typed := strings.TrimSpace(line); {
	case typed == "r":
		return session.Reply{Resend: q.Channel}, nil
	case slices.Contains(others, typed):
		return session.Reply{Resend: typed}, nil
	default:
		return session.Reply{Code: strings.ReplaceAll(typed, " ", "")}, nil
	}
}

// language in which gateways are asked for texts: of the environment.
func language() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "ru") {
				return "ru"
			}
			return "en"
		}
	}
	return "en"
}

// Wait implements session.Person.
func (p *person) Wait(issuer string, d time.Duration) {
	fmt.Fprint(p.out, say("wait", issuer, int(d.Round(time.Second).Seconds())))
}

// talk has a gateway answer in the person's language and tells the place in its
// queue.
func talk(name string, gateway *issuer.Gateway) *issuer.Gateway {
	return gateway.Speak(language()).WhileWaiting(func(at api.RoomPlace) {
		fmt.Fprint(os.Stderr, say("queue", name, at.Ahead, at.EstimateS))
	})
}

// Kinds of log-in.
const (
	byCodes  = "codes"
	byPortal = "portal"
)

func checkLogin(kind string) error {
	if kind != byCodes && kind != byPortal {
		return terminal.Usage("--login %q: write %s (codes that were handed out) or %s (log in, codes by message)", kind, byCodes, byPortal)
	}
	return nil
}
