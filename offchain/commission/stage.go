package commission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// chunk is how many entries one transaction stages.
const chunk = 2048

// ErrNothingNew: every entry is in the roll already.
var ErrNothingNew = errors.New("every entry is in the roll already: there is nothing to stage")

// Plan is what is to be staged, and the roll that it makes.
type Plan struct {
	// Stages by style: the parts of each follow each other.
	Stages [][]*rollv1.StageRoll
	Act    *rollv1.ApproveRoll
	// Skipped entries are in the roll already.
	Skipped int
}

// PlanRoll says how the roll in force, by style, grows by the entries of a list
// that are not in it. Without a roll in force it is the first one.
func PlanRoll(election [32]byte, author []byte, inForce [][][32]byte, list RollList) (*Plan, error) {
	standing := map[[32]byte]uint32{}
	for style, entries := range inForce {
		for _, e := range entries {
			standing[e] = uint32(style)
		}
	}
	p := &Plan{Act: &rollv1.ApproveRoll{ElectionId: election[:], Author: author}}
	fresh := 0
	for style, before := range inForce {
		style := uint32(style)
		var tree merkle.Frontier
		if err := grow(&tree, before); err != nil {
			return nil, err
		}
		var more [][32]byte
		for _, e := range list[style] {
			switch other, known := standing[e]; {
			case !known:
				more = append(more, e)
			case other == style:
				p.Skipped++
			default:
				return nil, fmt.Errorf("entry %x is in the roll of style %d, it cannot come into that of style %d too", e, other, style)
			}
		}
		fresh += len(more)
		p.Stages = append(p.Stages, stages(election, style, tree.Size(), more))
		if err := grow(&tree, more); err != nil {
			return nil, err
		}
		root := tree.Root()
		p.Act.Styles = append(p.Act.Styles, &rollv1.StyleRoll{Style: style, Size_: tree.Size(), Root: root[:]})
	}
	if fresh == 0 {
		return nil, ErrNothingNew
	}
	return p, nil
}

func grow(tree *merkle.Frontier, entries [][32]byte) error {
	for _, e := range entries {
		if err := tree.Append(roll.Leaf(e[:]), nil); err != nil {
			return fmt.Errorf("build roll tree: %w", err)
		}
	}
	return nil
}

// stages cuts entries into messages that begin at a position.
func stages(election [32]byte, style uint32, from uint64, entries [][32]byte) []*rollv1.StageRoll {
	var out []*rollv1.StageRoll
	for len(entries) > 0 {
		part := entries[:min(chunk, len(entries))]
		m := &rollv1.StageRoll{ElectionId: election[:], Style: style, From: from}
		for _, e := range part {
			m.Entries = append(m.Entries, e[:]...)
		}
		out = append(out, m)
		entries, from = entries[len(part):], from+uint64(len(part))
	}
	return out
}

// StageRoll stages the entries that the roll in force lacks, style by style, and
// returns the act that approves the roll with them. It may be called again after
// an interruption: what is on the ledger already is found there. progress is
// told how many entries of the list stand.
func (o *Office) StageRoll(ctx context.Context, election [32]byte, styles int, list RollList, progress func(int)) (*rollv1.ApproveRoll, error) {
	author := o.Key.Public()
	inForce, err := o.rollInForce(ctx, election, author[:], styles)
	if err != nil {
		return nil, err
	}
	plan, err := PlanRoll(election, author[:], inForce, list)
	if err != nil {
		return nil, err
	}
	var stand atomic.Int64
	stand.Store(int64(plan.Skipped))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for _, parts := range plan.Stages {
		group.Go(func() error {
			for _, m := range parts {
				if err := o.send(ctx, txv1.Kind_KIND_STAGE_ROLL, m); err != nil {
					return fmt.Errorf("stage style %d from %d: %w", m.Style, m.From, err)
				}
				progress(int(stand.Add(int64(len(m.Entries) / roll.EntryBytes))))
			}
			return nil
		})
	}
	return plan.Act, group.Wait()
}

// rollInForce fetches the entries of the approved roll by style, checked against
// its proven trees; none of any style before the first approval.
func (o *Office) rollInForce(ctx context.Context, election [32]byte, author []byte, styles int) ([][][32]byte, error) {
	out := make([][][32]byte, styles)
	proven, err := o.Client.Proven(ctx, election, "roll")
	if errors.Is(err, client.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	b, _ := proven.Object("roll")
	r, err := ledger.DecodeStrict[rollv1.Roll](b, len(b))
	switch {
	case err != nil:
		return nil, fmt.Errorf("roll of election %x: %w", election, err)
	case !bytes.Equal(r.Author, author):
		return nil, fmt.Errorf("the roll in force was staged by member %x: only its author can add to it", r.Author)
	case len(r.Styles) != styles:
		return nil, fmt.Errorf("roll of election %x: %d styles, the election has %d", election, len(r.Styles), styles)
	}
	for i, s := range r.Styles {
		if out[i], err = FetchEntries(ctx, o.Client, election, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rollPage is how many entries a node gives at once.
const rollPage = 1000

// Lister lists a style's approved entries; client.Client is one.
type Lister interface {
	Roll(ctx context.Context, election [32]byte, style uint32, from uint64, limit int) (*api.Roll, error)
}

// FetchEntries fetches the entries of a style's tree and checks that they are
// those.
func FetchEntries(ctx context.Context, node Lister, election [32]byte, s *rollv1.StyleRoll) ([][32]byte, error) {
	var out [][32]byte
	for uint64(len(out)) < s.Size_ {
		page, err := node.Roll(ctx, election, s.Style, uint64(len(out)), rollPage)
		if err != nil {
			return nil, fmt.Errorf("fetch roll of style %d: %w", s.Style, err)
		}
		// The roll may have grown since its tree was proven.
		list := page.Entries[:min(uint64(len(page.Entries)), s.Size_-uint64(len(out)))]
		if len(list) == 0 {
			return nil, fmt.Errorf("fetch roll of style %d: the node gives %d entries of %d", s.Style, len(out), s.Size_)
		}
		for _, e := range list {
			if len(e) != roll.EntryBytes {
				return nil, fmt.Errorf("fetch roll of style %d: an entry of %d bytes", s.Style, len(e))
			}
			out = append(out, [32]byte(e))
		}
	}
	var tree merkle.Frontier
	if err := grow(&tree, out); err != nil {
		return nil, err
	}
	if root := tree.Root(); !bytes.Equal(root[:], s.Root) {
		return nil, fmt.Errorf("fetch roll of style %d: the node's entries are not those of the approved roll", s.Style)
	}
	return out, nil
}
