package roster

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urna-vote/urna/offchain/slip"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// maxReported is how many bad lines a refusal spells out.
const maxReported = 1000

// Voter is a line of the voters file.
type Voter struct {
	ID    string
	Style uint32
}

// ReadVoters reads the voters file for an election. Every bad line is named by
// its number; one bad line refuses the file.
func ReadVoters(r io.Reader, def *electionv1.Definition) ([]Voter, error) {
	styles := map[string]uint32{}
	for i, s := range def.Styles {
		styles[s.Name] = uint32(i)
	}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 2
	if head, err := lines.Read(); err != nil || !slices.Equal(head, []string{"voter", "style"}) {
		return nil, fmt.Errorf("voters file: line 1 must be voter,style (read %q, %v)", head, err)
	}
	var voters []Voter
	var bad []error
	seen := map[string]int{}
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			bad = append(bad, err) // names its line
			if !errors.Is(err, csv.ErrFieldCount) || len(bad) >= maxReported {
				break
			}
			continue
		}
		line, _ := lines.FieldPos(0)
		id := record[0]
		style, known := styles[record[1]]
		switch first := seen[id]; {
		case id == "" || strings.TrimSpace(id) != id || strings.ContainsFunc(id, isControl):
			err = errors.New("voter is empty, or has blanks around it or control characters in it")
		case !known:
			err = fmt.Errorf("the election has no style %q", record[1])
		case first != 0:
			err = fmt.Errorf("voter is on line %d already", first)
		}
		if err != nil {
			if len(bad) < maxReported {
				bad = append(bad, fmt.Errorf("line %d: %w", line, err))
			}
			continue
		}
		seen[id] = line
		voters = append(voters, Voter{ID: id, Style: style})
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("voters file, nothing was made: %w", errors.Join(bad...))
	}
	if len(voters) == 0 {
		return nil, errors.New("voters file: no voter")
	}
	return voters, nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// Enrolment is the voters of an election with their keys and entries. It
// prints as a redaction.
type Enrolment struct {
	chainID  string
	election [32]byte
	def      *electionv1.Definition
	slips    []*slip.Slip
}

// Enrol draws a voter key for each voter.
func Enrol(random io.Reader, chainID string, election [32]byte, def *electionv1.Definition, voters []Voter) (*Enrolment, error) {
	e := &Enrolment{chainID: chainID, election: election, def: def}
	for _, v := range voters {
		key, err := slip.NewVoterKey(random)
		if err != nil {
			return nil, fmt.Errorf("enrol voters: %w", err)
		}
		e.slips = append(e.slips, &slip.Slip{ChainID: chainID, Election: election, Subject: v.ID, VoterKey: key, Style: v.Style})
	}
	return e, nil
}

// Slips of all voters, in the order of the voters file.
func (e *Enrolment) Slips() []*slip.Slip { return e.slips }

// Format prints a redaction for every verb.
func (e *Enrolment) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[enrolment]") }

// WriteRoll writes the roll for the commission.
func (e *Enrolment) WriteRoll(w io.Writer) error {
	type place struct {
		style uint32
		entry [32]byte
	}
	places := make([]place, len(e.slips))
	for i, s := range e.slips {
		places[i] = place{style: s.Style, entry: s.Entry()}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.style, b.style), bytes.Compare(a.entry[:], b.entry[:]))
	})
	rows := [][]string{{"entry", "style"}}
	for _, p := range places {
		rows = append(rows, []string{fmt.Sprintf("%x", p.entry), e.def.Styles[p.style].Name})
	}
	return writeCSV(w, "roll", rows)
}

// Passes of all voters for one issuer, by its name.
func (e *Enrolment) Passes(issuer string) []Pass {
	passes := make([]Pass, len(e.slips))
	for i, s := range e.slips {
		passes[i] = Pass{Voter: s.Subject, Entry: s.Entry(), Style: s.Style, Pass: s.VoterKey.Pass(e.chainID, e.election, issuer)}
	}
	return passes
}

func writeCSV(w io.Writer, what string, rows [][]string) error {
	out := csv.NewWriter(w)
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
