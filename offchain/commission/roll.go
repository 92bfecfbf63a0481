package commission

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/merkle"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// RollList holds entry ids per style.
type RollList map[uint32][][32]byte

// Size is the number of all entries.
func (l RollList) Size() int {
	n := 0
	for _, entries := range l {
		n += len(entries)
	}
	return n
}

// ReadRoll reads a roll: lines "entry,style", an entry id in hex and the name
// of a style of the election, under that heading. Every bad line is reported;
// one bad line refuses the file.
func ReadRoll(r io.Reader, def *electionv1.Definition) (RollList, error) {
	styles := map[string]uint32{}
	for i, s := range def.Styles {
		styles[s.Name] = uint32(i)
	}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 2
	head, err := lines.Read()
	if err != nil || !slices.Equal(head, []string{"entry", "style"}) {
		return nil, fmt.Errorf("roll file: line 1 must be entry,style (read %q, %v)", head, err)
	}
	list, seen := RollList{}, map[[32]byte]int{}
	var bad []error
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("roll file: %w", err)
		}
		line, _ := lines.FieldPos(0)
		entry, err := Hex32("entry", record[0])
		style, known := styles[record[1]]
		switch {
		case err != nil:
			bad = append(bad, fmt.Errorf("line %d: %w", line, err))
		case !known:
			bad = append(bad, fmt.Errorf("line %d: the election has no style %q", line, record[1]))
		case seen[entry] != 0:
			bad = append(bad, fmt.Errorf("line %d: entry stands in line %d already", line, seen[entry]))
		default:
			seen[entry] = line
			list[style] = append(list[style], entry)
		}
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("roll file: %d bad lines, nothing was staged:\n%w", len(bad), errors.Join(bad...))
	}
	if len(seen) == 0 {
		return nil, errors.New("roll file: no entries")
	}
	return list, nil
}

// WriteRoll writes what ReadRoll reads.
func WriteRoll(w io.Writer, def *electionv1.Definition, list RollList) error {
	var text strings.Builder
	text.WriteString("entry,style\n")
	for style := range uint32(len(def.Styles)) {
		for _, entry := range list[style] {
			fmt.Fprintf(&text, "%s,%s\n", hex.EncodeToString(entry[:]), def.Styles[style].Name)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// chunk is how many entries one transaction stages.
const chunk = 2048

// StageRoll stages a first roll, style by style, and returns the act that
// approves it. It may be called again after an interruption: what is on the
// ledger already is found there. progress is told how many entries stand.
func (o *Office) StageRoll(ctx context.Context, election [32]byte, styles int, list RollList, progress func(int)) (*rollv1.ApproveRoll, error) {
	public := o.Key.Public()
	act := &rollv1.ApproveRoll{ElectionId: election[:], Author: public[:]}
	var staged atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for style := range uint32(styles) {
		entries := list[style]
		tree := &merkle.Frontier{}
		for _, e := range entries {
			if err := tree.Append(merkle.LeafHash(e[:]), nil); err != nil {
				return nil, fmt.Errorf("build roll tree: %w", err)
			}
		}
		root := tree.Root()
		act.Styles = append(act.Styles, &rollv1.StyleRoll{Style: style, Size_: uint64(len(entries)), Root: root[:]})
		group.Go(func() error {
			for from := 0; from < len(entries); from += chunk {
				part := entries[from:min(from+chunk, len(entries))]
				message := &rollv1.StageRoll{ElectionId: election[:], Style: style, From: uint64(from)}
				for _, e := range part {
					message.Entries = append(message.Entries, e[:]...)
				}
				if err := o.send(ctx, txv1.Kind_KIND_STAGE_ROLL, message); err != nil {
					return fmt.Errorf("stage style %d from %d: %w", style, from, err)
				}
				progress(int(staged.Add(int64(len(part)))))
			}
			return nil
		})
	}
	return act, group.Wait()
}
