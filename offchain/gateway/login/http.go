package login

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	portalTimeout = 10 * time.Second
	// maxAnswer bounds what a portal may answer to one request.
	maxAnswer = 1 << 20
)

// HTTPClient makes requests to a portal: bounded in time and size, and never to
// another address than the one asked for.
func HTTPClient() *http.Client {
	return &http.Client{
		Timeout: portalTimeout,
		Transport: &bounded{&http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConns:        64,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: portalTimeout,
			ForceAttemptHTTP2:   true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts answers that are longer than any portal's.
type bounded struct {
	next http.RoundTripper
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

type limited struct {
	io.ReadCloser
	left int64
}

var errTooLong = errors.New("the portal's answer is longer than 1 MiB")

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}
