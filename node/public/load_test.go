package public_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/urna-vote/urna/node/public"
)

func TestAnOrdinaryBallotFindsRoomInAFullBudget(t *testing.T) {
	b := public.NewBudget(100_000)
	large := make([]byte, 100_000+public.FreeBytes)
	if n, err := io.Copy(io.Discard, public.Charged(bytes.NewReader(large), b)); err != nil || n != int64(len(large)) {
		t.Fatalf("a body that fits: %d bytes, %v", n, err)
	}
	if b.Held() != 100_000 {
		t.Fatalf("%d bytes are charged", b.Held())
	}
	if _, err := io.Copy(io.Discard, public.Charged(bytes.NewReader(make([]byte, public.FreeBytes)), b)); err != nil {
		t.Errorf("a ballot: %v", err)
	}
	if _, err := io.Copy(io.Discard, public.Charged(bytes.NewReader(make([]byte, public.FreeBytes+1)), b)); err == nil {
		t.Error("one byte more found room")
	}
}

// slow is a client that takes an answer when it is told to.
type slow struct {
	http.ResponseWriter
	begun, take chan struct{}
}

func (s slow) Write(p []byte) (int, error) {
	s.begun <- struct{}{}
	<-s.take
	return len(p), nil
}

func TestSlowReadersHoldNoMoreThanTheBudget(t *testing.T) {
	b := public.NewBudget(3 * 50_000)
	piece := make([]byte, 50_000)
	client := slow{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	done := make(chan error)
	for range 3 {
		go func() {
			_, err := public.Answer(client, b).Write(piece)
			done <- err
		}()
		<-client.begun
	}
	if !aborts(func() { _, _ = public.Answer(httptest.NewRecorder(), b).Write(piece) }) {
		t.Error("a fourth large answer found room")
	}
	if aborts(func() { _, _ = public.Answer(httptest.NewRecorder(), b).Write(piece[:public.FreeBytes]) }) {
		t.Error("a short answer found no room")
	}
	close(client.take)
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes stay charged", b.Held())
	}
}

func aborts(f func()) (aborted bool) {
	defer func() { aborted = recover() == http.ErrAbortHandler }() //nolint:errorlint // net/http compares it so
	f()
	return false
}
