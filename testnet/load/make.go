package load

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/session"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// Voter is what a simulated person votes on and how: a style, and the scores of
// each of its contests.
type Voter struct {
	Style  uint32
	Scores [][]uint32
}

// Maker makes the ballots of an election.
type Maker struct {
	secrets *Secrets
	styles  []*booth.Parameters
	provers []*bitproof.Prover
	// voters says what each wants; nil draws it from the seed.
	voters func(int) Voter
}

// NewMaker fetches the proven parameters of the election, whose key must exist.
// Voters may be nil: then styles take turns and choices are drawn from the seed.
func NewMaker(ctx context.Context, c *client.Client, s *Secrets, voters func(int) Voter) (*Maker, error) {
	m := &Maker{secrets: s, voters: voters}
	prove := session.Network{Client: c}.Prove
	first, err := booth.Load(ctx, prove, s.ChainID, s.Election, 0)
	if err != nil {
		return nil, fmt.Errorf("make ballots: %w", err)
	}
	for style := range uint32(len(first.Definition.Styles)) {
		p, err := booth.Load(ctx, prove, s.ChainID, s.Election, style)
		if err != nil {
			return nil, fmt.Errorf("make ballots: %w", err)
		}
		if p.Form == nil {
			return nil, fmt.Errorf("make ballots: %w", booth.ErrNoElectionKey)
		}
		prover, err := bitproof.NewProver(p.Form.Shape, p.Form.Keys)
		if err != nil {
			return nil, fmt.Errorf("make ballots: %w", err)
		}
		m.styles, m.provers = append(m.styles, p), append(m.provers, prover)
	}
	if len(s.Issuers) != len(m.styles[0].Panels[0]) {
		return nil, fmt.Errorf("make ballots: keys of %d issuers for a panel of %d", len(s.Issuers), len(m.styles[0].Panels[0]))
	}
	if m.voters == nil {
		m.voters = m.drawn
	}
	return m, nil
}

// header of a file with ballots of this election.
func (m *Maker) header(planned int) Header {
	return Header{
		ChainID: m.secrets.ChainID, Election: m.secrets.Election[:],
		KeyHash: m.styles[0].Form.KeyHash[:], Seed: m.secrets.seedHash(), Planned: planned,
	}
}

// Voter says how a voter votes.
func (m *Maker) Voter(i int) Voter { return m.voters(i) }

// drawn gives voter i a style by turns and a valid choice.
func (m *Maker) drawn(i int) Voter {
	v := Voter{Style: uint32(i % len(m.styles))}
	r := m.secrets.choices(i)
	def := m.styles[v.Style].Definition
	for _, number := range def.Styles[v.Style].Contests {
		contest := def.Contests[number]
		scores := make([]uint32, len(contest.Options))
		if contest.Kind == electionv1.ContestKind_CONTEST_KIND_CHOICE {
			marks := int(contest.Min) + r.IntN(int(contest.Max-contest.Min)+1)
			for _, o := range r.Perm(len(scores))[:marks] {
				scores[o] = 1
			}
		}
		v.Scores = append(v.Scores, scores)
	}
	return v
}

// Pair of transactions of a voter.
type pair struct{ issuance, ballot []byte }

// make one voter's transactions.
func (m *Maker) make(i int) (pair, error) {
	v := m.voters(i)
	if int(v.Style) >= len(m.styles) {
		return pair{}, fmt.Errorf("voter %d: style %d of %d", i, v.Style, len(m.styles))
	}
	p := m.styles[v.Style]
	issued, err := m.issuance(p, i)
	if err != nil {
		return pair{}, fmt.Errorf("voter %d: %w", i, err)
	}
	ballot, err := m.ballot(p, i, v)
	if err != nil {
		return pair{}, fmt.Errorf("voter %d: %w", i, err)
	}
	return pair{issued, ballot}, nil
}

// issuance is the record of the voter's token, endorsed by the panel.
func (m *Maker) issuance(p *booth.Parameters, i int) ([]byte, error) {
	entry, claim := m.secrets.Entry(i), m.secrets.derive("claim", i)
	record := &issuancev1.IssueToken{ElectionId: p.Election[:], Style: p.Style, Entry: entry[:], ClaimKeyHash: claim[:]}
	for range m.secrets.Issuers {
		blinded := m.secrets.derive("blinded", i)
		record.BlindedHashes = append(record.BlindedHashes, blinded[:])
	}
	full := *record
	for _, member := range p.Definition.Panels[0].Issuers {
		full.Endorsements = append(full.Endorsements, issuance.Endorse(p.ChainID, record, m.secrets.Operator(int(member))))
	}
	return envelope.EncodeUnsigned(p.ChainID, uint32(txv1.Kind_KIND_ISSUE_TOKEN), ledger.MustEncode(&full))
}

// ballot is sealed and signed as a device does it.
func (m *Maker) ballot(p *booth.Parameters, i int, v Voter) ([]byte, error) {
	scope := p.Scope(0)
	key := m.secrets.tokenSecret(i).BallotKey(scope)
	message := scope.Message(key.Public())
	token := &ballotv1.Token{}
	for _, issuer := range m.secrets.Issuers {
		signature, err := issuer[p.Class].SignMessage(message)
		if err != nil {
			return nil, err
		}
		token.Signatures = append(token.Signatures, signature)
	}
	bits, err := marked(p.Definition, v)
	if err != nil {
		return nil, err
	}
	ct, proof, err := m.provers[v.Style].Prove(rand.Reader, p.Form.Statement(key.Public(), 1), bits)
	if err != nil {
		return nil, err
	}
	return envelope.Encode(p.ChainID, uint32(txv1.Kind_KIND_CAST_BALLOT), ledger.MustEncode(p.Form.Message(1, token, ct, proof)), key)
}

// marked are the bits of a voter's ballot.
func marked(def *electionv1.Definition, v Voter) (all []bool, err error) {
	for i, number := range def.Styles[v.Style].Contests {
		c := def.Contests[number]
		if c.Kind != electionv1.ContestKind_CONTEST_KIND_CHOICE || i >= len(v.Scores) {
			return nil, fmt.Errorf("contest %d: only contests of marks are played, and each needs its marks", number)
		}
		marks := make([]bool, len(v.Scores[i]))
		for o, score := range v.Scores[i] {
			marks[o] = score == 1
		}
		bits, err := bitproof.ChoiceBits(uint32(len(c.Options)), c.Min, c.Max, marks)
		if err != nil {
			return nil, fmt.Errorf("contest %d: %w", number, err)
		}
		all = append(all, bits...)
	}
	return all, nil
}

// chunk is how many voters one piece of work has.
const chunk = 64

// Make brings a file of ballots to the given number of voters, on all cores. It
// may be stopped and called again: what is in the file is not made anew. It
// returns how many were made now.
func (m *Maker) Make(ctx context.Context, path string, count int, progress *terminal.Progress) (made int, err error) {
	a, err := openAppender(path, m.header(count))
	if err != nil {
		return 0, err
	}
	err = m.append(ctx, a, count, progress)
	if closed := a.close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, fmt.Errorf("make ballots: %w", err)
	}
	return max(0, count-a.have), nil
}

func (m *Maker) append(ctx context.Context, a *appender, count int, progress *terminal.Progress) error {
	group, ctx := errgroup.WithContext(ctx)
	// Chunks are written in order: each has a place in the queue before it is made.
	workers := runtime.GOMAXPROCS(0)
	type job struct {
		from, to int
		done     chan []byte
	}
	jobs, queue := make(chan job), make(chan job, 4*workers)
	group.Go(func() error {
		defer close(jobs)
		defer close(queue)
		for from := a.have; from < count; from += chunk {
			j := job{from, min(from+chunk, count), make(chan []byte, 1)}
			select {
			case queue <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error {
			for j := range jobs {
				var out []byte
				for i := j.from; i < j.to; i++ {
					p, err := m.make(i)
					if err != nil {
						return err
					}
					out = appendRecord(appendRecord(out, kindIssuance, p.issuance), kindBallot, p.ballot)
				}
				j.done <- out
			}
			return nil
		})
	}
	group.Go(func() error {
		for j := range queue {
			select {
			case out := <-j.done:
				if _, err := a.out.Write(out); err != nil {
					return err
				}
				progress.Set(int64(j.to), int64(count))
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}
