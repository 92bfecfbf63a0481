package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/server"
)

// start runs a server until the test ends; stop tells it to.
func start(t *testing.T, cfg server.Config, handler http.Handler) (s *server.Server, at string, stop func(), ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s = server.New(cfg, l)
	ended = make(chan error, 1)
	go func() { ended <- s.Run(ctx, handler) }()
	t.Cleanup(cancel)
	return s, l.Addr().String(), cancel, ended
}

// work answers after some work, as issuing does: it reads the body first.
var work = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<10))
	if err != nil {
		w.WriteHeader(http.StatusRequestTimeout)
		return
	}
	sum := 0
	for range 2_000 {
		sum += bytes.Count(body, []byte("a"))
	}
	fmt.Fprint(w, sum)
})

// T43: 5,000 slow connections while people vote.
func TestSlowConnectionsDelayNobody(t *testing.T) {
	const slow, voters, each = 5000, 16, 125
	s, at, _, _ := start(t, server.Config{Connections: 20_000, RequestTime: 20 * time.Second}, work)
	stop := make(chan struct{})
	defer close(stop)
	var held atomic.Int64
	var dialing sync.WaitGroup
	for i := range slow {
		dialing.Add(1)
		go dawdle(t, at, i, &held, dialing.Done, stop)
		if i%250 == 249 {
			time.Sleep(10 * time.Millisecond) // the kernel's queue of newcomers is short
		}
	}
	dialing.Wait()
	for deadline := time.Now().Add(5 * time.Second); s.Connections() < slow*9/10; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d slow connections are held", s.Connections())
		}
	}
	took := make([][]time.Duration, voters)
	var lost atomic.Int64
	var voting sync.WaitGroup
	for v := range voters {
		voting.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: v%2 == 0}}
			for range each {
				begun := time.Now()
				if err := vote(client, at); err != nil {
					lost.Add(1)
					t.Error(err)
				}
				took[v] = append(took[v], time.Since(begun))
			}
		})
	}
	voting.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	p99 := all[len(all)*99/100]
	t.Logf("%d connections made; %d requests: median %s, 99th of 100 %s, longest %s", held.Load(), len(all), all[len(all)/2], p99, all[len(all)-1])
	if p99 > 2*time.Second || lost.Load() > 0 {
		t.Errorf("99 of 100 requests took up to %s, %d were lost", p99, lost.Load())
	}
}

// dawdle holds a connection: a third says nothing, a third sends a header letter
// by letter, a third a body.
func dawdle(t *testing.T, at string, i int, held *atomic.Int64, dialed func(), stop chan struct{}) {
	c, err := net.DialTimeout("tcp", at, 10*time.Second)
	dialed()
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	held.Add(1)
	text := ""
	switch i % 3 {
	case 1:
		text = "POST / HTTP/1.1\r\nHost: gateway.example\r\nX-Slow: " + strings.Repeat("a", 100)
	case 2:
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 1000\r\n\r\n"); err != nil {
			return
		}
		text = strings.Repeat("a", 100)
	}
	for at := 0; ; at++ {
		select {
		case <-stop:
			return
		case <-time.After(300 * time.Millisecond):
		}
		if at < len(text) {
			if _, err := io.WriteString(c, text[at:at+1]); err != nil {
				return // broken off, as it should be
			}
		}
	}
}

func vote(client *http.Client, at string) error {
	response, err := client.Post("http://"+at, "application/json", strings.NewReader(strings.Repeat("a", 4000)))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "8000000" {
		return fmt.Errorf("answer %d %q: %w", response.StatusCode, body, err)
	}
	return nil
}

func TestWhatIsTooSlowOrTooLongIsBrokenOff(t *testing.T) {
	_, at, _, _ := start(t, server.Config{Connections: 10, RequestTime: time.Second}, work)
	for name, text := range map[string]string{
		"half a header": "GET / HTTP/1.1\r\nHost: gateway",
		"a long header": "GET / HTTP/1.1\r\nHost: gateway.example\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, text) // it may be broken off meanwhile
			_ = c.SetReadDeadline(time.Now().Add(server.HeaderTime + 5*time.Second))
			answer, err := io.ReadAll(c)
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Fatal("the connection is still open")
			}
			if bytes.Contains(answer, []byte("200 OK")) {
				t.Errorf("answered: %s", answer)
			}
		})
	}
}

func TestAStopLetsRequestsUnderWayEnd(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	s, at, stop, ended := start(t, server.Config{Connections: 10, RequestTime: 10 * time.Second, Drain: 300 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-finish
		}
		fmt.Fprint(w, "ok")
	}))
	get := func(path string) error {
		response, err := http.Get("http://" + at + path)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil && string(body) != "ok" {
			err = errors.New("cut off")
		}
		return err
	}
	slow := make(chan error, 1)
	go func() { slow <- get("/slow") }()
	<-begun
	stop()
	for !s.Stopping() {
		time.Sleep(time.Millisecond)
	}
	if err := get("/"); err != nil {
		t.Error("a request during the drain:", err)
	}
	time.Sleep(400 * time.Millisecond)
	if err := get("/"); err == nil {
		t.Error("a request after the drain was answered")
	}
	close(finish)
	if err := <-slow; err != nil {
		t.Error("the request under way:", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOverTLSBrowsersShareAConnectionAndQuietOnesGiveWay(t *testing.T) {
	certificate, key, pool := selfSigned(t)
	s, at, _, _ := start(t, server.Config{Connections: 3, RequestTime: time.Second, Certificate: certificate, Key: key}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	}))
	for i := range 10 {
		client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
		response, err := client.Get("https://" + at)
		if err != nil {
			t.Fatalf("the client number %d: %v", i, err)
		}
		proto, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(proto) != "HTTP/2.0" {
			t.Fatalf("%q %v", proto, err)
		}
	}
	if s.Connections() > 3 {
		t.Errorf("%d connections", s.Connections())
	}
}

// selfSigned writes a certificate of 127.0.0.1 and its key.
func selfSigned(t *testing.T) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key, pool = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool.AppendCertsFromPEM(public)
	if err := errors.Join(os.WriteFile(certificate, public, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return certificate, key, pool
}
