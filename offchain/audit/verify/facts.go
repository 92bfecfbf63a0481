package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/sign"
)

// fact is a statement of pure cryptography, true or false by itself.
type fact interface{ Verify() error }

// Statements of these kinds are cheaper together.
type (
	ballotFact interface {
		fact
		BallotClaim() (bitproof.Claim, error)
	}
	signFact interface {
		fact
		SignItem() sign.Item
	}
)

// signed is an Ed25519 signature as a fact.
type signed struct{ sign.Item }

// SignItem is the signature.
func (s signed) SignItem() sign.Item { return s.Item }

// statement is a fact with what to say if it is false.
type statement struct {
	fact   fact
	check  string
	code   string
	what   string
	height int64
	tx     int
	// part of a check that is counted as a whole, with its transaction.
	part bool
}

// How many statements are verified together: enough that a batch is cheap,
// few enough that its memory is small.
const (
	ballotBatch = 512
	signBatch   = 512
	plainBatch  = 16
)

// bench verifies statements on all cores while the state goes on. Its collect
// side belongs to one goroutine.
type bench struct {
	found   *findings
	rand    io.Reader
	workers *errgroup.Group
	jobs    chan []statement
	ballots []statement
	signs   []statement
	plain   []statement
}

func newBench(ctx context.Context, found *findings, rand io.Reader, workers int) *bench {
	group, ctx := errgroup.WithContext(ctx)
	b := &bench{found: found, rand: &lockedReader{r: rand}, workers: group, jobs: make(chan []statement, workers)}
	for range workers {
		group.Go(func() error {
			for job := range b.jobs {
				if ctx.Err() == nil {
					b.verify(job)
				}
			}
			return nil
		})
	}
	return b
}

// state adds a statement.
func (b *bench) state(s statement) {
	switch s.fact.(type) {
	case ballotFact:
		b.ballots = b.push(b.ballots, s, ballotBatch)
	case signFact:
		b.signs = b.push(b.signs, s, signBatch)
	default:
		b.plain = b.push(b.plain, s, plainBatch)
	}
}

func (b *bench) push(batch []statement, s statement, size int) []statement {
	batch = append(batch, s)
	if len(batch) < size {
		return batch
	}
	b.jobs <- batch
	return nil
}

// finish waits until everything stated is verified.
func (b *bench) finish() {
	for _, batch := range [][]statement{b.ballots, b.signs, b.plain} {
		if len(batch) > 0 {
			b.jobs <- batch
		}
	}
	close(b.jobs)
	_ = b.workers.Wait() // workers return no error
}

// verify judges a batch of one kind.
func (b *bench) verify(job []statement) {
	for i, err := range b.judge(job) {
		s := job[i]
		if !s.part {
			b.found.count(s.check, 1)
		}
		if err != nil {
			b.found.add(s.check, Finding{Code: s.code, Height: s.height, Tx: s.tx, What: s.what, Why: err.Error()})
		}
	}
}

// judge gives each statement of a batch its verdict, nil if it is true.
func (b *bench) judge(job []statement) []error {
	verdicts := make([]error, len(job))
	var bad []int
	switch job[0].fact.(type) {
	case ballotFact:
		var claims []bitproof.Claim
		var at []int
		for i, s := range job {
			claim, err := s.fact.(ballotFact).BallotClaim()
			if err != nil {
				verdicts[i] = err
				continue
			}
			claims, at = append(claims, claim), append(at, i)
		}
		for _, i := range bitproof.VerifyBatch(b.rand, claims) {
			bad = append(bad, at[i])
		}
	case signFact:
		items := make([]sign.Item, len(job))
		for i, s := range job {
			items[i] = s.fact.(signFact).SignItem()
		}
		bad = sign.VerifyBatch(b.rand, items)
	default:
		for i, s := range job {
			verdicts[i] = s.fact.Verify()
		}
		return verdicts
	}
	for _, i := range bad {
		if verdicts[i] = job[i].fact.Verify(); verdicts[i] == nil {
			verdicts[i] = errors.New("refused in a batch, accepted alone")
		}
	}
	return verdicts
}

// lockedReader lets many goroutines draw from one source.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := io.ReadFull(l.r, p)
	if err != nil {
		return n, fmt.Errorf("read randomness: %w", err)
	}
	return n, nil
}
