package txn

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/x/ledger"
)

// Verifier verifies the pure checks of transactions. Many goroutines may use it.
type Verifier struct{ workers int }

// NewVerifier uses so many cores.
func NewVerifier(workers int) *Verifier { return &Verifier{workers: workers} }

// Facts that can be verified together say so by these methods.
type (
	signatureFact interface{ SignItem() sign.Item }
	// ballotFact fails with a refusal of its own if there is nothing to verify.
	ballotFact interface {
		BallotClaim() (bitproof.Claim, error)
	}
)

// place of a check among the items.
type place struct{ item, check int }

// Verify verifies all checks of all items, the cheapest first: signatures, then
// what is neither, then proofs of ballots. What failed before costs nothing
// more, so that a stranger's rubbish never reaches the dear checks. The answer
// has one entry for each item: nil if everything holds, else the refusal of the
// first check that does not, of those that were made; ErrFault if a check makes
// the program fail. An item's answer does not depend on its neighbours. What an
// item's memo holds is not verified again.
func (v *Verifier) Verify(items []Item) []error { return v.verify(items, false) }

// VerifyBlock is Verify of what somebody proposed in earnest: all stages at
// once, so that no core waits for the last of a stage.
func (v *Verifier) VerifyBlock(items []Item) []error { return v.verify(items, true) }

func (v *Verifier) verify(items []Item, atOnce bool) []error {
	answer := make([]error, len(items))
	bad := make([][]error, len(items)) // by item and check
	var g groups
	for i := range items {
		if items[i].Verified() {
			continue
		}
		bad[i] = make([]error, len(items[i].Checks))
		for c := range items[i].Checks {
			g.add(place{i, c}, items[i].Checks[c].Fact)
		}
	}
	report := func(p place, err error) { bad[p.item][p.check] = err }
	stands := func(p place) bool {
		return !slices.ContainsFunc(bad[p.item], func(err error) bool { return err != nil })
	}
	var all []func()
	for _, stage := range g.stages(v.workers, report, stands) {
		if atOnce {
			all = append(all, stage()...)
		} else {
			run(v.workers, stage())
		}
	}
	// The dear ones first: the cheap ones fill the gaps at the end.
	slices.Reverse(all)
	run(v.workers, all)
	for i := range items {
		if bad[i] == nil {
			continue
		}
		answer[i] = firstRefusal(items[i].Checks, bad[i])
		if answer[i] == nil {
			items[i].Memo.accept(items[i].Checks)
		}
	}
	return answer
}

// Cheap are the checks that are no proofs of ballots.
func Cheap(checks []ledger.Check) []ledger.Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c ledger.Check) bool {
		_, proof := c.Fact.(ballotFact)
		return proof
	})
}

func run(workers int, jobs []func()) {
	Spread(workers, len(jobs), func(from, to int) {
		for _, job := range jobs[from:to] {
			job()
		}
	})
}

// ErrFault: a check makes the program fail. What it was to show does not stand.
var ErrFault = errors.New("the program fails on it")

func firstRefusal(checks []ledger.Check, bad []error) error {
	for c, err := range bad {
		if errors.Is(err, ErrFault) {
			return fmt.Errorf("check %s: %w", checks[c].Field, err)
		}
		if err != nil {
			return checks[c].Refuse(err)
		}
	}
	return nil
}

// groups sorts facts by how they are verified.
type groups struct {
	signatures batch[sign.Item]
	ballots    batch[ballotFact]
	others     batch[ledger.Fact]
}

// batch is a list of statements of one type and where they come from.
type batch[T any] struct {
	facts  []T
	places []place
}

func (b *batch[T]) add(p place, fact T) {
	b.facts = append(b.facts, fact)
	b.places = append(b.places, p)
}

func (g *groups) add(p place, fact ledger.Fact) {
	switch f := fact.(type) {
	case sign.Item:
		g.signatures.add(p, f)
	case signatureFact:
		g.signatures.add(p, f.SignItem())
	case ballotFact:
		g.ballots.add(p, f)
	default:
		g.others.add(p, fact)
	}
}

// Sizes of batches: large enough to be worth it, small enough to share out.
const (
	leastBatch = 16
	mostBatch  = 1024
)

// stages lists the jobs of each stage, to be asked for when the stage before is
// over: each job reports each check that fails, at its own place.
func (g *groups) stages(workers int, report func(place, error), stands func(place) bool) []func() []func() {
	return []func() []func(){
		func() []func() {
			return together(g.signatures, workers, report, sign.VerifyBatch, sign.Verify)
		},
		func() []func() {
			var jobs []func()
			left := g.others.keep(stands)
			for i := range left.facts {
				jobs = append(jobs, func() {
					if err := guarded(ledger.Fact.Verify)(left.facts[i]); err != nil {
						report(left.places[i], err)
					}
				})
			}
			return jobs
		},
		func() []func() {
			return together(g.ballots.keep(stands), workers, report, verifyBallots, verifyBallot)
		},
	}
}

// verifyBallots decodes ballots where they are verified, on the core of their batch.
func verifyBallots(weights io.Reader, facts []ballotFact) []int {
	claims, at := make([]bitproof.Claim, 0, len(facts)), make([]int, 0, len(facts))
	var bad []int
	for i, f := range facts {
		claim, err := f.BallotClaim()
		if err != nil {
			bad = append(bad, i)
			continue
		}
		claims, at = append(claims, claim), append(at, i)
	}
	for _, i := range bitproof.VerifyBatch(weights, claims) {
		bad = append(bad, at[i])
	}
	return bad
}

func verifyBallot(f ballotFact) error {
	claim, err := f.BallotClaim()
	if err != nil {
		return err
	}
	return bitproof.Verify(claim)
}

// keep is the part of a batch that stands so far.
func (b *batch[T]) keep(stands func(place) bool) batch[T] {
	var out batch[T]
	for i, p := range b.places {
		if stands(p) {
			out.add(p, b.facts[i])
		}
	}
	return out
}

// guarded turns a fault of the program into a refusal: nobody may stop a node
// by a transaction.
func guarded[T any](verify func(T) error) func(T) error {
	return func(fact T) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: %v\n%s", ErrFault, p, debug.Stack())
			}
		}()
		return verify(fact)
	}
}

// together makes jobs that verify statements in batches; what a batch finds bad
// is verified by itself for the reason.
func together[T any](b batch[T], workers int, report func(place, error), many func(io.Reader, []T) []int, one func(T) error) []func() {
	one = guarded(one)
	var jobs []func()
	for _, c := range cuts(len(b.facts), workers) {
		jobs = append(jobs, func() {
			facts, places := b.facts[c.from:c.to], b.places[c.from:c.to]
			var bad []int
			failed := guarded(func(facts []T) error { bad = many(rand.Reader, facts); return nil })
			// One fact alone, or a batch with one that makes the program fail.
			if len(facts) == 1 || failed(facts) != nil {
				for i := range facts {
					if err := one(facts[i]); err != nil {
						report(places[i], err)
					}
				}
				return
			}
			for _, i := range bad {
				err := one(facts[i])
				if err == nil {
					err = errBatch
				}
				report(places[i], err)
			}
		})
	}
	return jobs
}

// errBatch: a batch and a single verification disagree, which neither does.
var errBatch = errors.New("does not verify together with others")

type cut struct{ from, to int }

// cuts divides n facts evenly among the workers, within the sizes of batches.
func cuts(n, workers int) []cut {
	size := min(max((n+workers-1)/max(workers, 1), leastBatch), mostBatch)
	var out []cut
	for from := 0; from < n; from += size {
		out = append(out, cut{from, min(n, from+size)})
	}
	return out
}
