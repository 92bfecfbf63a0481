package portal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Browser walks the pages as a person's browser does: it keeps cookies, follows
// redirects, and fills in the log-in form when it meets it. Not for concurrent use.
type Browser struct {
	http            *http.Client
	login, password string
	// Forms counts the log-in forms that were filled in.
	Forms int
}

// mostSteps is more than any log-in takes.
const mostSteps = 20

// ErrPassword: the portal does not take login and password.
var ErrPassword = errors.New("the portal refuses login and password")

// NewBrowser is a browser without a cookie whose owner has an account.
func NewBrowser(login, password string) *Browser {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &Browser{login: login, password: password, http: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Go opens an address and goes wherever it leads, until it would go to an address
// that until names; that one is returned and not opened.
func (b *Browser) Go(ctx context.Context, address string, until func(*url.URL) bool) (*url.URL, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("open address: %w", err)
	}
	var form url.Values
	for range mostSteps {
		if form == nil && until(at) {
			return at, nil
		}
		resp, page, err := b.open(ctx, at, form)
		if err != nil {
			return nil, err
		}
		form = nil
		switch {
		case resp.StatusCode >= 300 && resp.StatusCode < 400:
			if at, err = resp.Location(); err != nil {
				return nil, fmt.Errorf("follow redirect: %w", err)
			}
		case resp.StatusCode == http.StatusOK && strings.Contains(page, `name="password"`):
			b.Forms++
			form = url.Values{"request": at.Query()["request"], "login": {b.login}, "password": {b.password}, "action": {"login"}}
			at = at.ResolveReference(&url.URL{Path: "/login"})
		case resp.StatusCode == http.StatusUnauthorized && at.Path == "/login":
			return nil, ErrPassword
		default:
			return nil, fmt.Errorf("open %s%s: %s", at.Host, at.Path, resp.Status)
		}
	}
	return nil, fmt.Errorf("open address: more than %d redirects", mostSteps)
}

func (b *Browser) open(ctx context.Context, at *url.URL, form url.Values) (*http.Response, string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, "", fmt.Errorf("open address: %w", err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := b.http.Do(r)
	if err != nil {
		return nil, "", fmt.Errorf("open address: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, "", fmt.Errorf("read page: %w", err)
	}
	return resp, string(page), nil
}
