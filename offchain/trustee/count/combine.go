package count

import (
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/tally"
)

// ErrTooFew: fewer than t trustees have given right shares.
var ErrTooFew = errors.New("too few decryption shares")

// Zone is a zone to count. All but the shares must be proven; each share is
// checked by its proofs.
type Zone struct {
	ChainID    string
	Election   [32]byte
	Definition *electionv1.Definition
	Zone       uint32
	Key        *ceremonyv1.ElectionKey
	Units      *tallyv1.Units
	// Trustees whose shares count, fixed by the ledger; proven too. Nil before
	// enough of them have given theirs.
	Trustees *tallyv1.CountingTrustees
	// Shares by participant index.
	Shares map[uint32]*tallyv1.DecryptionShare
	// Progress is told after each unit; may be nil.
	Progress func(done, total int64)
}

// Result joins the shares of the trustees that the ledger fixed, finds the counts
// and checks them as the ledger will.
func (z *Zone) Result() (*tallyv1.Result, error) {
	trustees, partials, err := z.choose()
	if err != nil {
		return nil, err
	}
	logs, err := z.logarithms()
	if err != nil {
		return nil, err
	}
	result := &tallyv1.Result{ElectionId: z.Election[:], Zone: z.Zone, Trustees: trustees}
	for u, unit := range z.Units.Units {
		counts, err := z.open(u, unit, trustees, partials, logs)
		if err != nil {
			return nil, fmt.Errorf("count contest %d: %w", unit.Contest, err)
		}
		if err := tally.CheckBounds(z.Definition.Contests[unit.Contest], unit, counts); err != nil {
			return nil, fmt.Errorf("count contest %d: %w", unit.Contest, err)
		}
		result.Units = append(result.Units, &tallyv1.UnitCounts{Counts: counts})
		if z.Progress != nil {
			z.Progress(int64(u+1), int64(len(z.Units.Units)))
		}
	}
	shares := make([]*tallyv1.DecryptionShare, len(trustees))
	for i, j := range trustees {
		shares[i] = z.Shares[j]
	}
	hash := tally.OpeningHash(z.ChainID, z.Election, z.Zone, z.Units, trustees, shares)
	if err := tally.NewResultFact(z.ChainID, result, tally.NewOpening(hash, z.Units, trustees, shares)).Verify(); err != nil {
		return nil, err
	}
	return result, nil
}

// choose checks the shares that count, and names the wrong and the missing ones.
func (z *Zone) choose() (trustees []uint32, partials [][]*tally.Partial, err error) {
	if z.Trustees == nil || !z.Trustees.Fixed {
		return nil, nil, fmt.Errorf("%w: %d are on the ledger, %d needed", ErrTooFew, len(z.Shares), z.Definition.Threshold)
	}
	var wrong []error
	for _, j := range z.Trustees.Trustees {
		share, ok := z.Shares[j]
		if !ok {
			wrong = append(wrong, fmt.Errorf("trustee %d: its share is not shown", j))
			continue
		}
		p, err := z.checkShare(j, share)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("trustee %d: %w", j, err))
			continue
		}
		partials = append(partials, p)
	}
	if len(wrong) > 0 {
		err := fmt.Errorf("%w: %d of the %d that count are shown and right", ErrTooFew, len(partials), len(z.Trustees.Trustees))
		return nil, nil, errors.Join(append([]error{err}, wrong...)...)
	}
	return z.Trustees.Trustees, partials, nil
}

func (z *Zone) checkShare(trustee uint32, share *tallyv1.DecryptionShare) ([]*tally.Partial, error) {
	if len(share.Partials) != len(z.Units.Units) {
		return nil, fmt.Errorf("%d partial decryptions for %d units", len(share.Partials), len(z.Units.Units))
	}
	out := make([]*tally.Partial, len(share.Partials))
	for u, unit := range z.Units.Units {
		if !tally.Decrypted(unit) {
			continue
		}
		p, err := tally.DecodePartial(share.Partials[u])
		if err != nil {
			return nil, fmt.Errorf("unit %d: %w", u, err)
		}
		if p == nil {
			return nil, fmt.Errorf("unit %d: nothing is decrypted", u)
		}
		st, err := tally.ShareStatement(z.ChainID, z.Election, z.Definition, z.Zone, z.Key, unit, trustee, p.Points)
		if err != nil {
			return nil, fmt.Errorf("unit %d: %w", u, err)
		}
		if err := tally.NewShareFact(st, p.Proof).Verify(); err != nil {
			return nil, fmt.Errorf("unit %d: %w", u, err)
		}
		out[u] = p
	}
	return out, nil
}

// open finds the counts of a unit.
func (z *Zone) open(u int, unit *tallyv1.Unit, trustees []uint32, partials [][]*tally.Partial, logs *elgamal.Logarithm) ([]uint64, error) {
	counts := make([]uint64, len(z.Definition.Contests[unit.Contest].Options))
	if !tally.Decrypted(unit) {
		return counts, nil
	}
	parts := make([]*tally.Partial, len(partials))
	for j := range partials {
		parts[j] = partials[j][u]
	}
	points, err := tally.Open(unit, trustees, parts)
	if err != nil {
		return nil, err
	}
	if len(points) != len(counts) {
		return nil, fmt.Errorf("the sum has %d slots for %d options", len(points), len(counts))
	}
	for i := range points {
		if counts[i], err = logs.Find(points[i]); err != nil {
			return nil, fmt.Errorf("option %d: %w", i+1, err)
		}
	}
	return counts, nil
}

// logarithms makes the table for the largest count that can occur.
func (z *Zone) logarithms() (*elgamal.Logarithm, error) {
	most := uint64(0)
	for _, unit := range z.Units.Units {
		each := uint64(1)
		if contest := z.Definition.Contests[unit.Contest]; contest.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS {
			each = uint64(contest.MaxPoints)
		}
		if each > 0 && unit.Ballots > elgamal.MaxLogarithm/each {
			most = elgamal.MaxLogarithm
			break
		}
		most = max(most, unit.Ballots*each)
	}
	return elgamal.NewLogarithm(most)
}
