package api_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/server"
)

func TestRefusedRequestsHoldNoConnection(t *testing.T) {
	for name, request := range map[string]string{
		"no route":    "POST /nowhere HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
		"no json":     "POST /v1/enter HTTP/1.1\r\nHost: g\r\nContent-Length: 100\r\n\r\n",
		"too many":    "POST /v1/enter HTTP/1.1\r\nHost: g\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
		"body on get": "GET /v1/fault HTTP/1.1\r\nHost: g\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 100\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			handler, err := gatewayapi.New(gatewayapi.Config{
				Parts: []gatewayapi.Part{entry{}}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
				Addresses: limits.NewAddresses(1, nil, time.Now),
			})
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := server.New(server.Config{Connections: 8, RequestTime: time.Second}, l)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { _ = s.Run(ctx, handler) }()
			for range 9 {
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprint(c, request)
			}
			time.Sleep(200 * time.Millisecond)
			start := time.Now()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET /v1/problems/room HTTP/1.1\r\nHost: g\r\n\r\n")
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("answered %d after %v", r.StatusCode, took)
			}
		})
	}
}

func TestWhoSendsSlowlyClosesTheRoomForNobody(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r, err := room.New(t.Context(), room.Config{Database: db, PerSecond: 50, Waiting: 1000, Now: time.Now, Used: func() time.Duration { return 0 }})
		if err != nil {
			t.Fatal(err)
		}
		server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{entry{}}, Room: r})
		at := strings.TrimPrefix(server.URL, "http://")
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				c, err := net.Dial("tcp", at)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				const body = `{"name":"a"}`
				fmt.Fprintf(c, "POST /v1/enter HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
				time.Sleep(1200 * time.Millisecond)
				fmt.Fprint(c, body)
				if response, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || response.StatusCode != http.StatusOK {
					t.Error(response, err)
				}
			})
		}
		all.Wait()
		if err := r.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, rate := r.State(); rate < 50 {
			t.Errorf("%.1f people a second are let in where 50 were", rate)
		}
	})
}
