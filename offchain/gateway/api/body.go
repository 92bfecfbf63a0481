package api

import (
	"io"
	"net/http"
	"time"
)

// dismissTime is how long the body of a refused request may take to come.
const dismissTime = 500 * time.Millisecond

// dismiss takes in the body of a request that is refused unread. Left to itself
// net/http holds the connection for what is not sent, as long as for a request
// that is answered, and no limit of requests would count it.
func dismiss(w http.ResponseWriter, r *http.Request) {
	// A stream of HTTP/2 ends with its answer and holds nothing.
	if r.ProtoMajor != 1 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	connection := http.NewResponseController(w)
	start := time.Now()
	if connection.SetReadDeadline(start.Add(dismissTime)) != nil {
		return // a connection that a test made up
	}
	if r.Header.Get("Expect") == "" {
		// Past half of the time the deadline may strike what comes after the body.
		n, err := io.CopyN(io.Discard, r.Body, usualBody+1)
		if n <= usualBody && err == io.EOF && time.Since(start) < dismissTime/2 { //nolint:errorlint // CopyN gives it bare
			_ = connection.SetReadDeadline(time.Time{}) // the next request sets its own
			return
		}
	}
	w.Header().Set("Connection", "close")
}

// arrival is a body that says how long was waited for it.
type arrival struct {
	io.ReadCloser
	now    func() time.Time
	waited time.Duration
}

// Read adds to the time.
func (a *arrival) Read(p []byte) (int, error) {
	start := a.now()
	n, err := a.ReadCloser.Read(p)
	a.waited += a.now().Sub(start)
	return n, err
}
