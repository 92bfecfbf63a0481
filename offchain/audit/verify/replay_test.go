package verify_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/audit/replay"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// replays executes the record with the application, stopped once on the way.
func (w *world) replays(t *testing.T) {
	rec := w.seal(w.specs).fetch(t.TempDir())
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := replay.Run(ctx, rec, replay.Options{Dir: dir, Progress: func(height, _ int64) {
		if height == 30 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	out, err := replay.Run(context.Background(), rec, replay.Options{Dir: dir})
	w.ok(err)
	if out.From != 31 || out.Last != rec.Last() || string(out.AppHash[:]) != string(w.appHash) {
		t.Errorf("from %d to %d, application hash %x; want from 31 to %d, %x", out.From, out.Last, out.AppHash, rec.Last(), w.appHash)
	}
	// Once more there is nothing to do.
	if out, err := replay.Run(context.Background(), rec, replay.Options{Dir: dir}); err != nil || out.From != rec.Last()+1 || string(out.AppHash[:]) != string(w.appHash) {
		t.Errorf("%+v, %v", out, err)
	}
}

// replaysNoForgery: what breaks a rule, or leads elsewhere, is named with its
// height.
func (w *world) replaysNoForgery(t *testing.T) {
	i, _ := w.at(txv1.Kind_KIND_CAST_BALLOT, 0)
	left := w.forged()
	left[i].txs = left[i].txs[1:]
	late := w.forged()
	late[i+1].txs = nil
	late[i+1].app = make([]byte, 32)
	for name, c := range map[string]struct {
		specs []spec
		says  string
	}{
		"a ballot left out":        {left, "names the application hash"},
		"another application hash": {late, "names the application hash"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := (&hidden{w.seal(c.specs)}).write(t)
			_, err := replay.Run(context.Background(), rec, replay.Options{Dir: t.TempDir()})
			if !errors.Is(err, replay.ErrDiffers) || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}
	rec := w.seal(upTo(w.specs, w.replace(txv1.Kind_KIND_CAST_BALLOT, 0, func(raw []byte) []byte {
		raw = append([]byte(nil), raw...)
		raw[len(raw)-1] ^= 1
		return raw
	})())).write(t)
	if _, err := replay.Run(context.Background(), rec, replay.Options{Dir: t.TempDir()}); !errors.Is(err, replay.ErrDiffers) {
		t.Errorf("a ballot that no rule allows: %v", err)
	}
}
