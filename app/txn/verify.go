package txn

import (
	"crypto/rand"
	"errors"
	"io"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/x/ledger"
)

// Verifier verifies the pure checks of transactions. Many goroutines may use it.
type Verifier struct {
	workers int
	memo    *recent[struct{}]
}

// NewVerifier remembers up to so many accepted transactions.
func NewVerifier(workers, remember int) *Verifier {
	return &Verifier{workers: workers, memo: newRecent[struct{}](remember)}
}

// Facts that can be verified together say so by these methods.
type (
	signatureFact interface{ SignItem() sign.Item }
	ballotFact    interface{ BallotClaim() bitproof.Claim }
)

// place of a check among the items.
type place struct{ item, check int }

// Verify verifies all checks of all items. The answer has one entry for each
// item: nil if everything holds, else the refusal of its first check that does
// not. An item's answer does not depend on its neighbours.
func (v *Verifier) Verify(items []Item) []error {
	answer := make([]error, len(items))
	keys := make([][32]byte, len(items))
	bad := make([][]error, len(items)) // by item and check
	g := new(groups)
	for i := range items {
		keys[i] = memoKey(items[i])
		if _, known := v.memo.get(keys[i], 1); known || len(items[i].Checks) == 0 {
			continue
		}
		bad[i] = make([]error, len(items[i].Checks))
		for c := range items[i].Checks {
			g.add(place{i, c}, items[i].Checks[c].Fact)
		}
	}
	jobs := g.jobs(func(p place, err error) { bad[p.item][p.check] = err }, v.workers)
	Spread(v.workers, len(jobs), func(from, to int) {
		for _, job := range jobs[from:to] {
			job()
		}
	})
	for i := range items {
		if bad[i] == nil {
			continue
		}
		answer[i] = firstRefusal(items[i].Checks, bad[i])
		if answer[i] == nil {
			v.memo.put(keys[i], struct{}{}, 1)
		}
	}
	return answer
}

func firstRefusal(checks []ledger.Check, bad []error) error {
	for c, err := range bad {
		if err != nil {
			return checks[c].Code.Refuse(checks[c].Field, "%v", err)
		}
	}
	return nil
}

// groups sorts facts by how they are verified.
type groups struct {
	signatures batch[sign.Item]
	ballots    batch[bitproof.Claim]
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
		g.ballots.add(p, f.BallotClaim())
	default:
		g.others.add(p, fact)
	}
}

// Sizes of batches: large enough to be worth it, small enough to share out.
const (
	leastBatch = 16
	mostBatch  = 1024
)

// jobs cuts the groups into parts for the workers, the dearest first. Each job
// reports each check that fails, at its own place.
func (g *groups) jobs(report func(place, error), workers int) []func() {
	jobs := together(g.ballots, workers, report, bitproof.VerifyBatch, bitproof.Verify)
	for i := range g.others.facts {
		jobs = append(jobs, func() {
			if err := g.others.facts[i].Verify(); err != nil {
				report(g.others.places[i], err)
			}
		})
	}
	return append(jobs, together(g.signatures, workers, report, sign.VerifyBatch, sign.Verify)...)
}

// together makes jobs that verify statements in batches; what a batch finds bad
// is verified by itself for the reason.
func together[T any](b batch[T], workers int, report func(place, error), many func(io.Reader, []T) []int, one func(T) error) []func() {
	var jobs []func()
	for _, c := range cuts(len(b.facts), workers) {
		jobs = append(jobs, func() {
			facts, places := b.facts[c.from:c.to], b.places[c.from:c.to]
			if len(facts) == 1 {
				if err := one(facts[0]); err != nil {
					report(places[0], err)
				}
				return
			}
			for _, i := range many(rand.Reader, facts) {
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
