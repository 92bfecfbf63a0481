package tally

import (
	"fmt"
	"math/bits"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/crypto/transcript"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	resultLabel = transcript.Register("tally/result")
	weightLabel = transcript.Register("tally/weight")
	paramsLabel = transcript.Register("tally/params")
)

// Counts is a decoded Result.
type Counts struct {
	Message  *tallyv1.Result
	Election [32]byte
	refusal  error
}

// DecodeResult reads the body of a Result.
func DecodeResult(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[tallyv1.Result](body, MaxBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	c := &Counts{Message: m}
	c.refusal = c.read()
	return c, nil
}

// ValidateResult checks what the message alone shows.
func ValidateResult(_ ledger.Context, tx *ledger.Tx) error { return tx.Message.(*Counts).refusal }

func (c *Counts) read() error {
	if len(c.Message.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(c.Message.ElectionId))
	}
	c.Election = [32]byte(c.Message.ElectionId)
	for i, j := range c.Message.Trustees {
		if j == 0 || (i > 0 && j <= c.Message.Trustees[i-1]) {
			return CodeTrustees.Refuse("trustees", "indices count from 1 and ascend; %d stands at %d", j, i)
		}
	}
	return nil
}

// CheckBounds checks a unit's counts against what the rules of its contest
// allow so many ballots.
func CheckBounds(contest *electionv1.Contest, unit *tallyv1.Unit, counts []uint64) error {
	if len(counts) != len(contest.Options) {
		return fmt.Errorf("%d counts for %d options", len(counts), len(contest.Options))
	}
	most, least, top := uint64(contest.Max), uint64(contest.Min), uint64(1)
	bounded := true
	if contest.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS {
		top, bounded = uint64(contest.MaxPoints), contest.HasTotal
		most, least = uint64(contest.TotalMax), uint64(contest.TotalMin)
	}
	var total, carry uint64
	for i, n := range counts {
		if atMost(n, unit.Ballots, top) != nil {
			return fmt.Errorf("option %d has %d, %d ballots give it at most %d each", i+1, n, unit.Ballots, top)
		}
		if total, carry = bits.Add64(total, n, 0); carry != 0 {
			return fmt.Errorf("counts add up to 2^64 or more")
		}
	}
	if !bounded {
		return nil
	}
	if atMost(total, unit.Ballots, most) != nil {
		return fmt.Errorf("%d in all, %d ballots give at most %d each", total, unit.Ballots, most)
	}
	if high, low := bits.Mul64(unit.Ballots, least); high != 0 || total < low {
		return fmt.Errorf("%d in all, %d ballots give at least %d each", total, unit.Ballots, least)
	}
	return nil
}

// atMost checks n ≤ ballots·each without overflow.
func atMost(n, ballots, each uint64) error {
	if high, low := bits.Mul64(ballots, each); high == 0 && n > low {
		return fmt.Errorf("%d is more than %d", n, low)
	}
	return nil
}

// ResultFact states that the counts are what the shares decrypt the sums to.
type ResultFact struct {
	chainID string
	result  *tallyv1.Result
	opening *Opening
}

// NewResultFact states it of a result with a count for every slot of every unit
// that has ballots.
func NewResultFact(chainID string, result *tallyv1.Result, opening *Opening) *ResultFact {
	return &ResultFact{chainID: chainID, result: result, opening: opening}
}

// Verify checks that the sums open to counts·B, all slots of all units as one
// multi-scalar multiplication. Each equation has a weight of its own, the
// challenge of a transcript over everything that occurs in any of them.
func (f *ResultFact) Verify() error {
	opened, err := f.opening.Points()
	if err != nil {
		return fmt.Errorf("check result: %w", err)
	}
	base := transcript.New(resultLabel, f.chainID, [32]byte(f.result.ElectionId))
	base.Append(f.opening.Hash[:])
	base.Append(ledger.MustEncode(f.result))
	seed := base.Sum()
	sum := &combination{}
	for u, points := range opened {
		if err := f.addUnit(sum, seed, u, points); err != nil {
			return fmt.Errorf("check result: unit %d: %w", u, err)
		}
	}
	if !sum.vanishes() {
		return fmt.Errorf("check result: the shares do not decrypt the sums to these counts")
	}
	return nil
}

func (f *ResultFact) addUnit(sum *combination, seed [64]byte, u int, points []group.Point) error {
	if points == nil {
		return nil
	}
	counts := f.result.Units[u].Counts
	if len(counts) != len(points) {
		return fmt.Errorf("%d counts for %d slots", len(counts), len(points))
	}
	for i, p := range points {
		t := transcript.New(weightLabel, f.chainID, [32]byte(f.result.ElectionId))
		t.Append(seed[:])
		t.AppendUint64(uint64(u))
		t.AppendUint64(uint64(i))
		weight := t.Challenge()
		sum.add(weight, p)
		sum.addBase(weight.Mul(group.ScalarFromUint64(counts[i])).Neg())
	}
	return nil
}

// Open combines the partial decryptions of a unit by t trustees, given in the
// order of their indices: the points m·B of its slots.
func Open(unit *tallyv1.Unit, trustees []uint32, partials []*Partial) ([]group.Point, error) {
	out, err := decodePoints(unit.C)
	if err != nil {
		return nil, fmt.Errorf("open unit: sum: %w", err)
	}
	lambdas, err := lagrange(trustees)
	if err != nil {
		return nil, fmt.Errorf("open unit: %w", err)
	}
	for j, p := range partials {
		if len(p.Points) != len(out) {
			return nil, fmt.Errorf("open unit: trustee %d gave %d points for %d slots", trustees[j], len(p.Points), len(out))
		}
	}
	shares := make([]group.Point, len(partials))
	for i := range out {
		for j, p := range partials {
			shares[j] = p.Points[i]
		}
		out[i] = out[i].Sub(group.MultiScalarVartime(lambdas, shares))
	}
	return out, nil
}

// lagrange gives the coefficients of the trustees' shares at zero.
func lagrange(trustees []uint32) ([]group.Scalar, error) {
	indices := make([]int, len(trustees))
	for i, j := range trustees {
		indices[i] = int(j)
	}
	return threshold.Lagrange(indices)
}

// combination is a sum of multiples of points that should vanish.
type combination struct {
	scalars []group.Scalar
	points  []group.Point
	base    group.Scalar
}

func (s *combination) add(scalar group.Scalar, point group.Point) {
	s.scalars, s.points = append(s.scalars, scalar), append(s.points, point)
}

func (s *combination) addBase(scalar group.Scalar) { s.base = s.base.Add(scalar) }

func (s *combination) vanishes() bool {
	s.add(s.base, group.Basepoint())
	return group.MultiScalarVartime(s.scalars, s.points).IsIdentity()
}
