package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestProgramPrintsItsPortsAndServes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	root := newRoot()
	root.SetArgs([]string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--account", "issuer1:secret"})
	out, in := io.Pipe()
	root.SetOut(in)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	buf := make([]byte, 256)
	n, err := out.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(buf[:n]))
	if len(lines) != 4 || lines[0] != "smpp" || lines[2] != "control" || strings.HasSuffix(lines[1], ":0") {
		t.Fatalf("it prints %q", buf[:n])
	}
	resp, err := http.Get(lines[3] + "/messages?to=%2B79000000001")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("messages are answered with %d", resp.StatusCode)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestWrongAccountsAreRefusedWithTheirNumber(t *testing.T) {
	for _, bad := range [][]string{nil, {"issuer1"}, {":secret"}, {"issuer1:too-long-password"}, {"ok:ok", "a-system-id-too-long:x"}} {
		if _, err := parseAccounts(bad); err == nil {
			t.Errorf("%v is taken", bad)
		} else if len(bad) == 2 && !strings.Contains(err.Error(), "account 2") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
