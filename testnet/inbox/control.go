package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxWait bounds how long a reader is kept waiting.
const maxWait = 60 * time.Second

// Provider is a simulated provider as the control port sees it. B is its
// behaviour.
type Provider[B any] interface {
	Behaviour() B
	Behave(B)
	Die()
	Revive() error
}

// Control is the HTTP interface of package comment.
func Control[B any](box *Inbox, p Provider[B]) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) { read(w, r, box) })
	mux.HandleFunc("DELETE /messages", func(w http.ResponseWriter, _ *http.Request) {
		box.Forget()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /behaviour", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.Behaviour()) })
	mux.HandleFunc("PUT /behaviour", func(w http.ResponseWriter, r *http.Request) {
		var b B
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10))
		d.DisallowUnknownFields()
		if err := d.Decode(&b); err != nil {
			http.Error(w, fmt.Sprintf("read behaviour: %v", err), http.StatusBadRequest)
			return
		}
		p.Behave(b)
		answer(w, p.Behaviour())
	})
	mux.HandleFunc("POST /die", func(w http.ResponseWriter, _ *http.Request) {
		p.Die()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /revive", func(w http.ResponseWriter, _ *http.Request) {
		if err := p.Revive(); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func read(w http.ResponseWriter, r *http.Request, box *Inbox) {
	q := r.URL.Query()
	to := q.Get("to")
	if to == "" {
		http.Error(w, "read messages: name an address: /messages?to=%2B79000000001", http.StatusBadRequest)
		return
	}
	var after uint64
	if text := q.Get("after"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			http.Error(w, "read messages: after is no message number", http.StatusBadRequest)
			return
		}
		after = n
	}
	text := q.Get("wait")
	if text == "" {
		answer(w, box.Messages(to, after))
		return
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		http.Error(w, "read messages: wait is no duration such as 5s", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
	defer cancel()
	answer(w, box.Wait(ctx, to, after))
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// A reader that went away needs no answer.
	_ = json.NewEncoder(w).Encode(v)
}

// Run says on out where a provider ("smtp ADDRESS") and its control port are
// reached, and answers on the latter until ctx ends.
func Run[B any](ctx context.Context, out io.Writer, reached string, p Provider[B], control string, box *Inbox) error {
	l, err := Listen(control)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\ncontrol http://%s\n", reached, l.Addr())
	return serve(ctx, l, Control(box, p))
}

// serve answers on a port until ctx ends.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve control port: %w", err)
	}
	return nil
}

// Listen opens a port for the control interface: on loopback and nowhere else,
// since it shows every code.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("open control port: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("open control port: %s is not a loopback address; use 127.0.0.1", host)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open control port: %w", err)
	}
	return l, nil
}
