package crowd

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Browser is one person's browser: it keeps cookies, follows redirects and
// fills in the form of a page that asks for account and password.
type Browser struct {
	http              *http.Client
	account, password string
	// Forms counts the forms that were filled in.
	Forms int
}

// How far a browser goes, and how long a page may be.
const (
	maxHops = 20
	maxPage = 256 << 10
)

// NewBrowser opens a browser with an empty cookie jar. Many may share a
// transport.
func NewBrowser(transport http.RoundTripper, account, password string) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Browser{
		http: &http.Client{
			Transport: transport, Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		account: account, password: password,
	}, nil
}

// ErrPage: the way ended at a page that leads nowhere.
var ErrPage = errors.New("the browser's way ended at a page")

// Go opens an address and follows it until it would come to one below "end",
// which it returns without opening it.
func (b *Browser) Go(ctx context.Context, address, end string) (*url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for range maxHops {
		request.Header.Set("Accept-Language", "ru")
		next, err := b.hop(ctx, request)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(next.URL.String(), end) {
			return next.URL, nil
		}
		request = next
	}
	return nil, fmt.Errorf("browser: more than %d pages from one to the next", maxHops)
}

// hop loads a page and says what a person would do there.
func (b *Browser) hop(ctx context.Context, request *http.Request) (*http.Request, error) {
	answer, err := b.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err != nil {
		return nil, fmt.Errorf("browser: read page: %w", err)
	}
	at := answer.Request.URL
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		to, err := at.Parse(answer.Header.Get("Location"))
		if err != nil {
			return nil, fmt.Errorf("browser: redirect: %w", err)
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	}
	action, fields, ok := form(string(text), b.account, b.password)
	if answer.StatusCode != http.StatusOK || !ok {
		return nil, fmt.Errorf("%w: %s%s, status %d: %.300s", ErrPage, at.Host, at.Path, answer.StatusCode, visible(string(text)))
	}
	b.Forms++
	to, err := at.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("browser: form: %w", err)
	}
	next, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	next.Header.Set("Origin", at.Scheme+"://"+at.Host)
	return next, nil
}

var (
	formTag   = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	inputTag  = regexp.MustCompile(`(?is)<(input|button)\b([^>]*)>`)
	attribute = regexp.MustCompile(`(?s)([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))`)
	anyTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

func visible(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(page, " "))), " ")
}

func attributes(tag string) map[string]string {
	out := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		out[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3] + m[4])
	}
	return out
}

// form fills in a page's form that asks for a password; false if there is none.
func form(page, account, password string) (action string, fields url.Values, ok bool) {
	for _, m := range formTag.FindAllStringSubmatch(page, -1) {
		fields, asks, pressed := url.Values{}, false, false
		for _, input := range inputTag.FindAllStringSubmatch(m[2], -1) {
			a := attributes(input[2])
			kind := strings.ToLower(a["type"])
			if kind == "" && strings.EqualFold(input[1], "button") {
				kind = "submit"
			}
			switch {
			case kind == "submit" && a["name"] != "" && !pressed:
				// The first is the one that Enter presses.
				fields.Set(a["name"], a["value"])
				pressed = true
			case a["name"] == "" || kind == "submit" || kind == "button":
			case kind == "password":
				fields.Set(a["name"], password)
				asks = true
			case kind == "hidden":
				fields.Set(a["name"], a["value"])
			case kind == "checkbox":
			default:
				fields.Set(a["name"], account)
			}
		}
		if asks {
			return attributes(m[1])["action"], fields, true
		}
	}
	return "", nil, false
}
