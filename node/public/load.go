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

	"github.com/urna-vote/urna/x/envelope"
)

// How much of the machine strangers may hold at once.
const (
	// bodyBudget is for the bytes of all requests that are being read or judged.
	bodyBudget = 256 << 20
	// answerBudget is for the bytes of all answers that wait for slow readers.
	answerBudget = 256 << 20
	// freeBytes of each request, and each piece of an answer that is no larger,
	// are charged to no budget: connections are limited, and whoever fills a
	// budget must not keep out an ordinary ballot.
	freeBytes = 16 << 10
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
	budget     *budget
	read, held int64
}

// Read charges what it reads.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	more := max(0, b.read-freeBytes) - b.held
	b.held += more
	if b.budget.held.Add(more) > b.budget.limit && more > 0 {
		return n, errBudget
	}
	return n, err
}

// written is an answer whose large pieces are charged to the budget while the
// client takes them.
type written struct {
	http.ResponseWriter
	budget *budget
	began  bool
}

// Unwrap is for http.ResponseController.
func (w *written) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes that an answer began.
func (w *written) WriteHeader(status int) {
	w.began = true
	w.ResponseWriter.WriteHeader(status)
}

// Write waits for the client. Without room for the bytes it breaks the
// connection off: another node may have room.
func (w *written) Write(p []byte) (int, error) {
	w.began = true
	if len(p) > freeBytes {
		defer w.budget.held.Add(-int64(len(p)))
		if w.budget.held.Add(int64(len(p))) > w.budget.limit {
			panic(http.ErrAbortHandler)
		}
	}
	return w.ResponseWriter.Write(p)
}

// receive reads a request's body before anything else works on it. It answers
// itself and returns false if the body does not come, or there is no room. The
// bytes are held until the returned function is called.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (release func(), received bool) {
	limit := int64(envelope.MaxBytes + 2)
	if r.URL.Path == batchPath {
		limit = maxBatchBytes + 1
	}
	b := &body{Reader: io.LimitReader(r.Body, limit), budget: &s.budget}
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
