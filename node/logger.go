package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	cmtlog "github.com/cometbft/cometbft/libs/log"

	"github.com/urna-vote/urna/node/config"
)

// NewLogger makes the log of a node.
func NewLogger(c config.Log, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: level(c.Level)}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func level(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "info":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}

// consensusFailure is what the engine logs, and all it does, when consensus
// stops for good while the process lives on.
const consensusFailure = "CONSENSUS FAILURE!!!"

// engineLog is the engine's log: quieter than the node's, and without
// transactions, so that no line joins one with the address it came from.
type engineLog struct {
	to  *slog.Logger
	min slog.Level
	// stopped hears of a failure of consensus.
	stopped func(reason string)
}

var _ cmtlog.Logger = engineLog{}

// Debug logs at level debug.
func (l engineLog) Debug(msg string, pairs ...any) { l.say(slog.LevelDebug, msg, pairs) }

// Info logs at level info.
func (l engineLog) Info(msg string, pairs ...any) { l.say(slog.LevelInfo, msg, pairs) }

// Warn logs at level warn.
func (l engineLog) Warn(msg string, pairs ...any) { l.say(slog.LevelWarn, msg, pairs) }

// Error logs at level error.
func (l engineLog) Error(msg string, pairs ...any) {
	if msg == consensusFailure {
		l.stopped(fmt.Sprint(value(pairs, "err")))
	}
	l.say(slog.LevelError, msg, pairs)
}

// With adds pairs to every line.
func (l engineLog) With(pairs ...any) cmtlog.Logger {
	l.to = l.to.With(attributes(pairs)...)
	return l
}

func (l engineLog) say(at slog.Level, msg string, pairs []any) {
	ctx := context.Background()
	if at < l.min || !l.to.Enabled(ctx, at) {
		return
	}
	l.to.Log(ctx, at, msg, attributes(pairs)...)
}

// attributes turns values into texts: the engine passes whole structures and
// things that are only computed when printed.
func attributes(pairs []any) []any {
	out := make([]any, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		key := fmt.Sprint(pairs[i])
		if key == "tx" || key == "txs" || key == "msg" && strings.Contains(fmt.Sprintf("%T", pairs[i+1]), "mempool") {
			continue
		}
		switch v := pairs[i+1].(type) {
		case int, int32, int64, uint32, uint64, bool, string:
			out = append(out, slog.Any(key, v))
		default:
			out = append(out, slog.String(key, fmt.Sprint(v)))
		}
	}
	return out
}

func value(pairs []any, key string) any {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == key {
			return pairs[i+1]
		}
	}
	return "unknown reason"
}

// pebbleLog passes Pebble's complaints on.
type pebbleLog struct{ to *slog.Logger }

func (p pebbleLog) Infof(string, ...any) {}

func (p pebbleLog) Errorf(format string, args ...any) {
	p.to.Error("engine's store", "said", fmt.Sprintf(format, args...))
}

// Fatalf is called where Pebble cannot go on; it must not return.
func (p pebbleLog) Fatalf(format string, args ...any) {
	panic("engine's store: " + fmt.Sprintf(format, args...))
}
