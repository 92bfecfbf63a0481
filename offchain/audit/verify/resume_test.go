package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
)

// scarce has hardly anything in memory, and one worker.
var scarce = verify.Options{Workers: 1, Pages: 1, Run: 2}

// runBoth verifies twice: with plenty of memory and workers, and with little
// of either. The reports must be the same to the byte.
func runBoth(t testing.TB, rec *record.Record, opt verify.Options) *verify.Report {
	t.Helper()
	report, err := verify.Run(context.Background(), rec, opt)
	if err != nil {
		t.Fatal(err)
	}
	little := scarce
	little.Until = opt.Until
	again, err := verify.Run(context.Background(), rec, little)
	if err != nil {
		t.Fatal(err)
	}
	sameReport(t, again, report)
	return report
}

func sameReport(t testing.TB, got, want *verify.Report) {
	t.Helper()
	a, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Fatalf("reports differ:\n%s\n%s", a, b)
	}
}

// resumed interrupts a verification at every checkpoint, after each block, and
// goes on from it.
func resumed(t *testing.T, rec *record.Record) (*verify.Report, int) {
	t.Helper()
	opt := scarce
	opt.Work, opt.Every, opt.Resume = filepath.Join(t.TempDir(), "work"), 1, true
	opt.Note = func(line string) { t.Errorf("note: %s", line) }
	for interrupted := 0; ; interrupted++ {
		ctx, cancel := context.WithCancel(context.Background())
		opt.Saved = func(int64) { cancel() }
		report, err := verify.Run(ctx, rec, opt)
		cancel()
		if err == nil {
			return report, interrupted
		}
		if !errors.Is(err, context.Canceled) || interrupted > int(rec.Last()) {
			t.Fatal(interrupted, err)
		}
	}
}

func (w *world) interrupted(t *testing.T) {
	rec := w.seal(w.specs).fetch(t.TempDir())
	want, err := verify.Run(context.Background(), rec, verify.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	got, times := resumed(t, rec)
	if times < int(rec.Last())/3 {
		t.Errorf("interrupted %d times in %d blocks", times, rec.Last())
	}
	sameReport(t, got, want)
	if !got.OK() || len(got.Elections[0].Zones[0].Units.Units) != 4 {
		t.Errorf("%v", got.Findings)
	}
}

// interruptedForgery keeps what was found before the interruption.
func (w *world) interruptedForgery(t *testing.T) {
	e := *w.engine
	e.t, e.sloppy = t, 30
	rec := e.seal(w.specs).write(t)
	want, err := verify.Run(context.Background(), rec, verify.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, want, "header/commit")
	got, _ := resumed(t, rec)
	sameReport(t, got, want)
}

// damagedCheckpoint: a checkpoint that is damaged, of another chain or whose
// tables are not what it says is not used, and that is told.
func (w *world) damagedCheckpoint(t *testing.T) {
	rec := w.seal(w.specs).fetch(t.TempDir())
	other := newWorld(t)
	other.block(1)
	otherRec := (&hidden{other.seal(other.specs)}).write(t)
	flip := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			file := filepath.Join(dir, name)
			b, err := os.ReadFile(file)
			w.ok(err)
			b[rand.IntN(len(b))] ^= 1
			w.ok(os.WriteFile(file, b, 0o600))
		}
	}
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		rec    *record.Record
	}{
		"the checkpoint":      {flip("checkpoint"), rec},
		"the ballot keys":     {flip("spent.log"), rec},
		"the tokens":          {flip("tokens.log"), rec},
		"the roll is missing": {func(_ *testing.T, dir string) { w.ok(os.Remove(filepath.Join(dir, "roll.log"))) }, rec},
		"another chain":       {func(*testing.T, string) {}, otherRec},
	} {
		t.Run(name, func(t *testing.T) {
			var notes []string
			opt := verify.Options{Work: t.TempDir(), Every: time.Hour, Workers: 2, Resume: true, Note: func(line string) { notes = append(notes, line) }}
			ctx, cancel := context.WithCancel(context.Background())
			opt.Progress = func(p verify.Progress) {
				if p.Height == rec.Last()-5 {
					cancel() // a checkpoint is written at the end
				}
			}
			if _, err := verify.Run(ctx, rec, opt); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			c.damage(t, opt.Work)
			opt.Progress = nil
			r, err := verify.Run(context.Background(), c.rec, opt)
			if err != nil {
				t.Fatal(err)
			}
			if len(notes) != 1 || !strings.Contains(notes[0], "beginning anew") {
				t.Errorf("notes: %q", notes)
			}
			if c.rec == rec && !r.OK() {
				t.Errorf("%v", r.Findings)
			}
		})
	}
}

func TestTwoVerificationsDoNotShareAWorkDirectory(t *testing.T) {
	w := newWorld(t)
	opt := verify.Options{Work: t.TempDir(), Workers: 1}
	a, err := verify.Begin(w.genesis, opt)
	w.ok(err)
	if _, err := verify.Begin(w.genesis, opt); err == nil || !strings.Contains(err.Error(), "another verification uses it") {
		t.Errorf("a second one began: %v", err)
	}
	w.ok(a.Close())
	a, err = verify.Begin(w.genesis, opt)
	w.ok(err)
	w.ok(a.Close())
	w.ok(verify.RemoveWork(opt.Work))
	if _, err := os.Stat(opt.Work); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the work directory is left: %v", err)
	}
}
