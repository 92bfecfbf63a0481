package public

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// How much of the machine strangers may hold at once.
const (
	// bodyBudget is for the bytes of all requests that are being read or judged.
	bodyBudget = 256 << 20
	// patience is how long a request waits for its turn before 503.
	patience = 5 * time.Second
	// streams of blocks at once.
	streams = 4
)

// turns lets so many requests work at once; others wait a while.
type turns chan struct{}

// take waits for a turn; false is to be answered with 503.
func (t turns) take(ctx context.Context) bool {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}

func (t turns) give() { <-t }

// budget of bytes held by all requests together.
type budget struct {
	limit int64
	held  atomic.Int64
}

var errBudget = errors.New("too many bytes are being read")

// body is a request's body that is charged to the budget.
type body struct {
	io.Reader
	budget *budget
	held   int64
}

// Read charges what it reads.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.held += int64(n)
	if b.budget.held.Add(int64(n)) > b.budget.limit {
		return n, errBudget
	}
	return n, err
}

// receive reads a request's body before anything else works on it. It answers
// itself and returns false if the body does not come, or there is no room. The
// bytes are held until the returned function is called.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (release func(), received bool) {
	b := &body{Reader: io.LimitReader(r.Body, maxBatchBytes+1), budget: &s.budget}
	release = func() { b.budget.held.Add(-b.held) }
	// A connection that cannot have a deadline is none of this server's.
	_ = http.NewResponseController(w).SetReadDeadline(s.Now().Add(bodyTimeout))
	content, err := io.ReadAll(b)
	switch {
	case errors.Is(err, errBudget):
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "too much is being sent at once; try again in a second")
	case errors.Is(err, os.ErrDeadlineExceeded):
		problem(w, http.StatusRequestTimeout, "the body did not come in time")
	case err != nil:
		problem(w, http.StatusBadRequest, "the body is cut off")
	default:
		r.Body = io.NopCloser(bytes.NewReader(content))
		return release, true
	}
	release()
	return nil, false
}
