package commission

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
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
