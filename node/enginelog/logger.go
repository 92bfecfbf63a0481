package enginelog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	cmtlog "github.com/cometbft/cometbft/libs/log"
)

// failures are what the engine logs, and all it does, when it stops for good
// while the process lives on: consensus, or the beginning with a snapshot.
var failures = []string{
	"CONSENSUS FAILURE!!!",
	"State sync failed",
	"Failed to bootstrap node with new state",
	"Failed to store last seen commit",
	"Failed to switch to block sync",
}

// Logger is the engine's log: quieter than the node's, and without
// transactions, so that no line joins one with the address it came from.
type Logger struct {
	// To is the node's log, Least the least level at which the engine is heard.
	To    *slog.Logger
	Least slog.Level
	// Stopped hears that the engine stopped for good.
	Stopped func(reason string)
	// Quiet is set when the node stops: what the engine complains about then
	// is that it is being stopped.
	Quiet *atomic.Bool
}

var _ cmtlog.Logger = Logger{}

// Debug logs at level debug.
func (l Logger) Debug(msg string, pairs ...any) { l.say(slog.LevelDebug, msg, pairs) }

// Info logs at level info.
func (l Logger) Info(msg string, pairs ...any) { l.say(slog.LevelInfo, msg, pairs) }

// Warn logs at level warn.
func (l Logger) Warn(msg string, pairs ...any) { l.say(slog.LevelWarn, msg, pairs) }

// Error logs at level error.
func (l Logger) Error(msg string, pairs ...any) {
	if slices.Contains(failures, msg) {
		l.Stopped(fmt.Sprint(value(pairs, "err")))
	}
	l.say(slog.LevelError, msg, pairs)
}

// With adds pairs to every line.
func (l Logger) With(pairs ...any) cmtlog.Logger {
	l.To = l.To.With(attributes(pairs)...)
	return l
}

func (l Logger) say(at slog.Level, msg string, pairs []any) {
	ctx := context.Background()
	if at < l.Least || l.Quiet.Load() || !l.To.Enabled(ctx, at) {
		return
	}
	l.To.Log(ctx, at, msg, attributes(pairs)...)
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

// Pebble passes the store's complaints on.
type Pebble struct{ To *slog.Logger }

// Infof drops what is no complaint.
func (p Pebble) Infof(string, ...any) {}

// Errorf logs a complaint.
func (p Pebble) Errorf(format string, args ...any) {
	p.To.Error("engine's store", "said", fmt.Sprintf(format, args...))
}

// Fatalf is called where Pebble cannot go on; it must not return.
func (p Pebble) Fatalf(format string, args ...any) {
	panic("engine's store: " + fmt.Sprintf(format, args...))
}
