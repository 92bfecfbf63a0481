package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/urna-vote/urna/proto/api"
)

// Classes of failure, for errors.Is.
var (
	// ErrNotFound: the node has no such thing, or not yet.
	ErrNotFound = errors.New("not found")
	// ErrRefused: the network refused the transaction; see Refusal.
	ErrRefused = errors.New("refused by the ledger")
	// ErrUnavailable: no node answered.
	ErrUnavailable = errors.New("no node answered")
	// ErrUntrusted: an answer does not follow from the genesis.
	ErrUntrusted = errors.New("answer is not proven")
)

// Refusal is the ledger's answer to a transaction it does not accept.
type Refusal struct{ api.Submitted }

func (r *Refusal) Error() string {
	return fmt.Sprintf("refused by the ledger: %s/%s: %s: %s", r.Codespace, r.Name, r.Field, r.Reason)
}

// Is makes a refusal an ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// StatusError is an answer that is neither the thing asked for nor a refusal.
type StatusError struct {
	Node   string
	Status int
	Detail string
	// RetryAfter is when a busy node asks to come again; 0 if it does not say.
	RetryAfter time.Duration
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.Node, e.Status, e.Detail)
}

// Is makes 404 an ErrNotFound.
func (e *StatusError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// call is one request, sent to one node after the other until one answers.
type call struct {
	method string
	path   string
	query  url.Values
	body   []byte
	accept string
	// wanted holds further statuses whose body the caller reads.
	wanted []int
	// check refuses answers that are not what they should be; nil takes all.
	check func(*answer) error
}

type answer struct {
	node   string
	status int
	body   []byte
}

// do sends a call. A node that cannot be reached, is behind, is busy or answers
// what fails the check is passed over; after each round over all nodes it waits
// longer. That a thing is not there, or is refused, one node does not decide:
// all are asked, and the first such answer stands if none knows better.
func (c *Client) do(ctx context.Context, q call) (*answer, error) {
	var last, wrong error
	wait := c.cfg.Backoff
	for round := range c.cfg.Rounds {
		if round > 0 {
			if err := pause(ctx, wait); err != nil {
				return nil, errors.Join(err, last)
			}
			wait *= 2
		}
		first, failed := int(c.preferred.Load()), 0
		var asked time.Duration
		var no *negative
		for i := range c.nodes {
			n := (first + i) % len(c.nodes)
			a, retry, err := c.once(ctx, n, q)
			if ctx.Err() != nil && err != nil {
				return nil, context.Cause(ctx)
			}
			if err == nil && a.status/100 == 2 {
				if err = q.verify(a); err == nil {
					c.preferred.Store(uint32(n))
					return a, nil
				}
				wrong, failed = err, failed+1
				continue
			}
			switch {
			case err == nil || errors.Is(err, ErrNotFound):
				if no == nil {
					no = &negative{a, err}
				}
			case !retry:
				return nil, err
			default:
				last, asked = err, sooner(asked, err)
			}
		}
		wait = max(wait, asked)
		if no != nil {
			return no.answer, no.err
		}
		if failed == len(c.nodes) {
			return nil, wrong
		}
	}
	return nil, fmt.Errorf("%s %s: %w: %w", q.method, q.path, ErrUnavailable, errors.Join(last, wrong))
}

// sooner is the shortest time after which a busy node asks to come again.
func sooner(asked time.Duration, err error) time.Duration {
	var busy *StatusError
	if errors.As(err, &busy) && (asked == 0 || busy.RetryAfter < asked) {
		return busy.RetryAfter
	}
	return asked
}

// negative is an answer by which there is nothing, or a refusal.
type negative struct {
	answer *answer
	err    error
}

func (q call) verify(a *answer) error {
	if q.check == nil {
		return nil
	}
	return q.check(a)
}

// once sends a call to one node; retry says that another may do better.
func (c *Client) once(ctx context.Context, n int, q call) (_ *answer, retry bool, err error) {
	u := *c.nodes[n]
	u.Path += q.path
	u.RawQuery = q.query.Encode()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, false, fmt.Errorf("make request: %w", err)
	}
	if q.body != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	req.Header.Set("Accept", q.accept)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, true, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.cfg.MaxAnswer+1))
	if err != nil {
		return nil, true, fmt.Errorf("read answer of %s: %w", u.Host, err)
	}
	if int64(len(body)) > c.cfg.MaxAnswer {
		return nil, true, fmt.Errorf("answer of %s is longer than %d bytes", u.Host, c.cfg.MaxAnswer)
	}
	a := &answer{node: u.Host, status: res.StatusCode, body: body}
	if res.StatusCode/100 == 2 {
		return a, false, nil
	}
	for _, s := range q.wanted {
		if s == res.StatusCode {
			return a, false, nil
		}
	}
	return nil, passOver(res.StatusCode), &StatusError{Node: u.Host, Status: res.StatusCode, Detail: detail(body), RetryAfter: retryAfter(body)}
}

// mostRetryAfter is believed of a node.
const mostRetryAfter = 10 * time.Second

// retryAfter reads when a busy node asks to come again.
func retryAfter(body []byte) time.Duration {
	var busy struct {
		RetryAfterMS int64 `json:"retry_after_ms"`
	}
	if json.Unmarshal(body, &busy) != nil || busy.RetryAfterMS < 0 {
		return 0
	}
	return min(time.Duration(min(busy.RetryAfterMS, mostRetryAfter.Milliseconds()))*time.Millisecond, mostRetryAfter)
}

// passOver lists answers that say something about the node, not the call.
func passOver(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// detail finds the words in an RFC 9457 problem, or the beginning of the text.
// A stranger wrote them: what would steer a terminal is left out.
func detail(body []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, words(body))
}

func words(body []byte) string {
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &p) == nil && p.Title+p.Detail != "" {
		words := strings.TrimPrefix(p.Title+": "+p.Detail, ": ")
		for _, e := range p.Errors {
			words += "; " + strings.TrimPrefix(e.Location+": "+e.Message, ": ")
		}
		return words
	}
	return strconv.Quote(string(body[:min(len(body), 200)]))
}

// decode reads one JSON value whose members are all known.
func decode(node string, body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read answer of %s: %w", node, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read answer of %s: bytes after the value", node)
	}
	return nil
}

// get asks for a JSON value.
func get[T any](ctx context.Context, c *Client, query url.Values, format string, args ...any) (*T, error) {
	return getChecked[T](ctx, c, nil, query, format, args...)
}

// getChecked asks for a JSON value that passes a check; nodes whose values do
// not are passed over.
func getChecked[T any](ctx context.Context, c *Client, check func(*T) error, query url.Values, format string, args ...any) (*T, error) {
	var v *T
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: fmt.Sprintf(format, args...), query: query, accept: "application/json",
		check: func(a *answer) error {
			v = new(T)
			if err := decode(a.node, a.body, v); err != nil || check == nil {
				return err
			}
			if err := check(v); err != nil {
				return fmt.Errorf("answer of %s: %w", a.node, err)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// getBytes asks for an octet stream or a text.
func (c *Client) getBytes(ctx context.Context, accept string, query url.Values, format string, args ...any) ([]byte, error) {
	a, err := c.do(ctx, call{method: http.MethodGet, path: fmt.Sprintf(format, args...), query: query, accept: accept})
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

func numbers(pairs ...any) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i].(string), fmt.Sprint(pairs[i+1]))
	}
	return v
}
