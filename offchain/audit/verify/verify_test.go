package verify_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/proto/api"
)

// story is a whole election on a chain, with everything in it that the rules
// have a case for.
func story(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.create()
	w.makeKey()
	w.enrol(15)
	w.registerIssuers()
	w.vote(13)
	w.count()
	w.block(time.Second)
	w.block(time.Second)
	return w
}

func TestRecords(t *testing.T) {
	w := story(t)
	t.Run("an honest record verifies", w.honest)
	t.Run("a part of it verifies up to where it ends", w.partial)
	for name, c := range w.forgeries() {
		t.Run(name, func(t *testing.T) {
			e := *w.engine
			e.t = t
			specs := c.specs()
			if strings.HasPrefix(c.code, "objects/") || strings.HasPrefix(c.code, "log/") {
				wants(t, e.audit(specs), c.code) // seen at the end
				return
			}
			wants(t, runBoth(t, e.seal(upTo(w.specs, specs)).write(t), verify.Options{Workers: 2}), c.code)
		})
	}
	t.Run("a record without summaries is not verified", w.withoutSummaries)
	t.Run("blocks of other validators are not verified", w.otherValidators)
	t.Run("too few signatures are not enough", w.fewSignatures)
	t.Run("interrupted after every block it reports the same", w.interrupted)
	t.Run("interrupted after a fault it reports the same", w.interruptedForgery)
	t.Run("a checkpoint that does not fit is not used", w.damagedCheckpoint)
	t.Run("the application comes to the same, also after a stop", w.replays)
	t.Run("the application comes to something else over a forged record", w.replaysNoForgery)
}

func (w *world) honest(t *testing.T) {
	r := w.audit(w.specs)
	if !r.OK() {
		t.Fatalf("%v", r.Findings)
	}
	for _, c := range r.Checks {
		if c.Made == 0 || c.Failed != 0 {
			t.Errorf("%s: made %d, failed %d", c.Name, c.Made, c.Failed)
		}
	}
	e := r.Elections[0]
	z := e.Zones[0]
	if got := e.Classes[0]; got.Roll != 15 || got.Removed != 1 || got.Issued != 13 || got.Accepted != 13 || got.Recasts != 3 || got.Silent != 0 {
		t.Errorf("class %+v", got)
	}
	// Thirteen voters alternate; of the first three, two had chosen the first
	// option and chose the second in the end. All gave three points and one.
	// Groups have 4, 3, 3 and 3 ballots: the last is too small for a unit.
	want := [][]uint64{{4, 3, 1}, {9, 2, 7}, {4, 12, 4}, {9, 27, 9}}
	for i, c := range z.Counts {
		if got := []uint64{c.Ballots, c.Options[0].Count, c.Options[1].Count}; len(z.Counts) != 4 || !slices.Equal(got, want[i]) {
			t.Errorf("unit %d, groups %v: %v, want %v", i, c.Groups, got, want[i])
		}
	}
	if !z.Final || z.Units == nil || z.Key == nil || len(z.Shares) != 3 || z.Protocol == nil || !r.Rehearsal {
		t.Errorf("zone %+v", z)
	}
}

func (w *world) partial(t *testing.T) {
	rec := w.seal(w.specs).fetch(t.TempDir())
	r, err := verify.Run(context.Background(), rec, verify.Options{Until: 20})
	if err != nil {
		t.Fatal(err)
	}
	// What is proven at the end is beyond it: the verdict may not be "verified".
	wants(t, r, "objects/beyond")
	if r.Last != 20 || r.Elections[0].Zones[0].Result != nil {
		t.Errorf("went to %d", r.Last)
	}
}

// upTo cuts a forged chain off a few blocks after it leaves the honest one.
func upTo(honest, forged []spec) []spec {
	for i := range forged {
		same := forged[i].at.Equal(honest[i].at) && bytes.Equal(forged[i].results, honest[i].results) && slices.EqualFunc(forged[i].txs, honest[i].txs, bytes.Equal)
		if !same {
			return forged[:min(i+6, len(forged))]
		}
	}
	return forged
}

func (w *world) withoutSummaries(t *testing.T) {
	rec, err := record.Fetch(context.Background(), record.Request{Source: &hidden{w.seal(w.specs)}, Genesis: w.genesis, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Run(context.Background(), rec, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, r, "record/nothing-to-check")
}

// hidden is a node that denies its elections.
type hidden struct{ *sealed }

func (h *hidden) Elections(context.Context) ([]api.Election, error) { return nil, nil }

// A chain of other validators under the same genesis: a trustee who was given
// such a record would decrypt what they like.
func (w *world) otherValidators(t *testing.T) {
	other := *w.engine
	other.t = t
	other.keys, other.set = nil, nil
	var vals []*types.Validator
	for range 3 {
		k := ed25519.GenPrivKey()
		other.keys = append(other.keys, k)
		vals = append(vals, types.NewValidator(k.PubKey(), 10))
	}
	other.set = types.NewValidatorSet(vals)
	slices.SortFunc(other.keys, func(a, b ed25519.PrivKey) int { return bytes.Compare(a.PubKey().Address(), b.PubKey().Address()) })
	specs := w.forged()
	for range 20 { // so many that not all findings are kept
		specs = append(specs, spec{at: specs[len(specs)-1].at.Add(time.Second), app: w.appHash, results: w.results})
	}
	forged := other.seal(specs)
	if _, err := record.Fetch(context.Background(), record.Request{Source: &hidden{forged}, Genesis: w.genesis, Dir: t.TempDir()}); err == nil {
		t.Error("such a record was fetched")
	}
	r := runBoth(t, forged.write(t), verify.Options{Workers: 4})
	if r.More == 0 {
		t.Errorf("%d findings are few enough to keep", len(r.Findings))
	}
	wants(t, r, "header/validators")
	wants(t, r, "header/commit")
}

func (w *world) fewSignatures(t *testing.T) {
	e := *w.engine
	e.t, e.sloppy = t, 30
	wants(t, runBoth(t, e.seal(w.specs).write(t), verify.Options{Workers: 2}), "header/commit")
}

func TestVerificationStopsWithItsContext(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.block(time.Second)
	}
	rec := (&hidden{w.seal(w.specs)}).write(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := verify.Run(ctx, rec, verify.Options{Progress: func(p verify.Progress) {
		if p.Height == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
