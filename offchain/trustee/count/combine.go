package count

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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
	// Shares by participant index.
	Shares map[uint32]*tallyv1.DecryptionShare
	// Progress is told after each unit; may be nil.
	Progress func(done, total int64)
}

// Result joins the shares of the t lowest trustees that gave right ones, finds
// the counts and checks them as the ledger will.
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
	if err := tally.NewResultFact(z.ChainID, result, z.Units, shares).Verify(); err != nil {
		return nil, err
	}
	return result, nil
}

// choose takes the first t right shares, and names the wrong ones if there are
// not so many.
func (z *Zone) choose() (trustees []uint32, partials [][]*tally.Partial, err error) {
	var wrong []error
	for _, j := range slices.Sorted(maps.Keys(z.Shares)) {
		if len(trustees) == int(z.Definition.Threshold) {
			break
		}
		p, err := z.checkShare(j, z.Shares[j])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("trustee %d: %w", j, err))
			continue
		}
		trustees, partials = append(trustees, j), append(partials, p)
	}
	if len(trustees) < int(z.Definition.Threshold) {
		err := fmt.Errorf("%w: %d are on the ledger and right, %d needed", ErrTooFew, len(trustees), z.Definition.Threshold)
		return nil, nil, errors.Join(append([]error{err}, wrong...)...)
	}
	return trustees, partials, nil
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
