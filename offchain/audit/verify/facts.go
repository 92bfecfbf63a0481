package verify

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

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
	// votesFact is right if all its signatures are, by the engine's rule.
	votesFact interface {
		fact
		Signatures() ([]sign.Item, error)
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
	// bytes of the transaction that the statement holds in memory.
	bytes int
	// part of a check that is counted as a whole, with its transaction.
	part bool
}

// How many statements are verified together: enough that a batch is cheap,
// few enough, also in bytes, that its memory is small.
const (
	ballotBatch = 512
	signBatch   = 512
	votesBatch  = 32
	plainBatch  = 16
	batchBytes  = 2 << 20
)

// gathering is a batch that is not full.
type gathering struct {
	most  int
	batch []statement
	bytes int
}

// bench verifies statements on all cores while the state goes on. Its collect
// side belongs to one goroutine.
type bench struct {
	found   *findings
	rand    io.Reader
	workers sync.WaitGroup
	jobs    chan []statement
	// open counts batches that are not verified yet.
	open                         sync.WaitGroup
	ballots, signs, votes, plain gathering
}

func newBench(found *findings, rand io.Reader, workers int) *bench {
	b := &bench{
		found: found, rand: &lockedReader{r: rand}, jobs: make(chan []statement, workers),
		ballots: gathering{most: ballotBatch}, signs: gathering{most: signBatch}, votes: gathering{most: votesBatch}, plain: gathering{most: plainBatch},
	}
	for range workers {
		b.workers.Go(func() {
			for job := range b.jobs {
				b.verify(job)
				b.open.Done()
			}
		})
	}
	return b
}

// state adds a statement.
func (b *bench) state(s statement) {
	g := &b.plain
	switch s.fact.(type) {
	case ballotFact:
		g = &b.ballots
	case signFact:
		g = &b.signs
	case votesFact:
		g = &b.votes
	}
	g.batch = append(g.batch, s)
	g.bytes += s.bytes
	if len(g.batch) >= g.most || g.bytes >= batchBytes {
		b.send(g)
	}
}

func (b *bench) send(g *gathering) {
	if len(g.batch) == 0 {
		return
	}
	b.open.Add(1)
	b.jobs <- g.batch
	g.batch, g.bytes = nil, 0
}

// settle waits until everything stated is verified.
func (b *bench) settle() {
	for _, g := range []*gathering{&b.ballots, &b.signs, &b.votes, &b.plain} {
		b.send(g)
	}
	b.open.Wait()
}

// close ends the workers; what was not settled may not be verified.
func (b *bench) close() {
	close(b.jobs)
	b.workers.Wait()
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
		bad = b.judgeBallots(job, verdicts)
	case signFact:
		items := make([]sign.Item, len(job))
		for i, s := range job {
			items[i] = s.fact.(signFact).SignItem()
		}
		bad = sign.VerifyBatch(b.rand, items)
	case votesFact:
		bad = b.judgeVotes(job, verdicts)
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

// judgeBallots gives the verdict of ballots that are none, and says which others
// are wrong.
func (b *bench) judgeBallots(job []statement, verdicts []error) (bad []int) {
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
	return bad
}

// judgeVotes gives the verdict of commits that are wrong by themselves, and says
// which others have a wrong signature.
func (b *bench) judgeVotes(job []statement, verdicts []error) (bad []int) {
	var items []sign.Item
	var at []int
	for i, s := range job {
		votes, err := s.fact.(votesFact).Signatures()
		if err != nil {
			verdicts[i] = err
			continue
		}
		items = append(items, votes...)
		for range votes {
			at = append(at, i)
		}
	}
	for _, i := range sign.VerifyZIP215Batch(b.rand, items) {
		bad = append(bad, at[i])
	}
	return slices.Compact(bad)
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
