package connections_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/internal/connections"
)

func TestQuietConnectionsGiveWayToNewOnes(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := connections.New(inner, 4)
	server := &http.Server{ConnState: l.Note, ReadHeaderTimeout: 500 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	for i := range 20 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		// Half say nothing, half begin to speak.
		if i%2 == 0 {
			fmt.Fprint(c, "GET")
		}
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if l.Open() > 4 {
		t.Errorf("%d connections at once", l.Open())
	}
}
