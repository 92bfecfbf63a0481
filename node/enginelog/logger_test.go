package enginelog_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	mempoolv1 "github.com/cometbft/cometbft/proto/tendermint/mempool"

	"github.com/urna-vote/urna/node/enginelog"
)

func newLogger(least slog.Level) (enginelog.Logger, *bytes.Buffer, *[]string) {
	var out bytes.Buffer
	var stopped []string
	return enginelog.Logger{
		To: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})), Least: least,
		Stopped: func(reason string) { stopped = append(stopped, reason) }, Quiet: &atomic.Bool{},
	}, &out, &stopped
}

func TestNoLineJoinsATransactionWithAnAddress(t *testing.T) {
	l, out, _ := newLogger(slog.LevelDebug)
	l.Info("Could not check tx", "tx", "SECRETHASH", "peer", "192.0.2.7")
	l.Debug("Receive", "src", "192.0.2.7", "msg", &mempoolv1.Txs{Txs: [][]byte{[]byte("SECRETTX")}})
	l.With("txs", "SECRETLIST").Error("odd", "src", "192.0.2.7", "height", int64(5))
	if strings.Contains(out.String(), "SECRET") || strings.Count(out.String(), "192.0.2.7") != 3 || !strings.Contains(out.String(), "height=5") {
		t.Errorf("logged\n%s", out)
	}
}

func TestEngineIsQuieterThanTheNode(t *testing.T) {
	l, out, _ := newLogger(slog.LevelWarn)
	l.Debug("a")
	l.Info("b")
	l.Warn("c")
	l.Quiet.Store(true)
	l.Error("d")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "msg=c") {
		t.Errorf("logged\n%s", got)
	}
}

// The engine only logs that consensus stopped for good.
func TestFailureOfConsensusIsPassedOn(t *testing.T) {
	l, _, stopped := newLogger(slog.LevelError)
	l.With("module", "consensus").Error("CONSENSUS FAILURE!!!", "err", "conflicting votes", "stack", "…")
	l.Error("something else", "err", "x")
	if len(*stopped) != 1 || (*stopped)[0] != "conflicting votes" {
		t.Errorf("passed on %q", *stopped)
	}
}
