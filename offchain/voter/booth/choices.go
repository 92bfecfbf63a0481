package booth

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urna-vote/urna/crypto/bitproof"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Classes of mistakes in a choice, besides bitproof.ErrOverVote and ErrUnderVote.
var (
	// ErrChoice: the choice names no contest or option of the ballot.
	ErrChoice = errors.New("choice does not fit the ballot")
	// ErrNotChosen: a contest has no choice and is not left blank on purpose.
	ErrNotChosen = errors.New("contest has no choice")
)

// Choices are what a voter wants, in memory only: scores by contest of the
// ballot and option. A marked option of a choice contest has the score 1.
// They print as a redaction and have no marshaller.
type Choices struct {
	scores [][]uint32
}

// Format prints a redaction for every verb.
func (c Choices) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[choices]") }

// NewChoices takes the scores of every contest of the style, in the order of
// the ballot, one for each option.
func NewChoices(scores [][]uint32) Choices { return Choices{scores: scores} }

// bits turns the choices into the bits of the ballot. Errors name the contest.
func (c Choices) bits(p *Parameters) ([]bool, error) {
	contests := p.Definition.Styles[p.Style].Contests
	if len(c.scores) != len(contests) {
		return nil, fmt.Errorf("read choices: %d contests where the ballot has %d: %w", len(c.scores), len(contests), ErrChoice)
	}
	var all []bool
	for i, number := range contests {
		contest := p.Definition.Contests[number]
		bits, err := contestBits(contest, c.scores[i])
		if err != nil {
			return nil, fmt.Errorf("contest %d (%s): %w", i+1, Title(contest.Title), err)
		}
		all = append(all, bits...)
	}
	return all, nil
}

func contestBits(c *electionv1.Contest, scores []uint32) ([]bool, error) {
	n := uint32(len(c.Options))
	if c.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS {
		return bitproof.PointsBits(n, c.MaxPoints, c.HasTotal, c.TotalMin, c.TotalMax, scores)
	}
	marks := make([]bool, len(scores))
	for o, score := range scores {
		if score > 1 {
			return nil, fmt.Errorf("option %d is marked %d times: %w", o+1, score, bitproof.ErrOverVote)
		}
		marks[o] = score == 1
	}
	return bitproof.ChoiceBits(n, c.Min, c.Max, marks)
}

// CheckChoices tells a voter what is wrong before anything is sealed or sent.
func CheckChoices(p *Parameters, c Choices) error {
	_, err := c.bits(p)
	return err
}

// ParseChoices reads choices as people write them, one text for each contest:
//
//	choice  = contest "=" [ option { "," option } ]
//	contest = number on the ballot, from 1, or title
//	option  = number, from 1, or title; with points: option ":" points
//
// "1=" leaves the contest blank. Titles are compared in any language of the
// definition, without regard to case.
func ParseChoices(p *Parameters, texts []string) (Choices, error) {
	contests := p.Definition.Styles[p.Style].Contests
	c := Choices{scores: make([][]uint32, len(contests))}
	for _, text := range texts {
		name, options, ok := strings.Cut(text, "=")
		if !ok {
			return Choices{}, fmt.Errorf("read choice %q: write CONTEST=OPTION: %w", text, ErrChoice)
		}
		at, err := find(name, len(contests), func(i int) []*electionv1.Text { return p.Definition.Contests[contests[i]].Title })
		if err != nil {
			return Choices{}, fmt.Errorf("read choice %q, contest: %w", text, err)
		}
		if c.scores[at] != nil {
			return Choices{}, fmt.Errorf("read choice %q: contest %d is chosen twice; join the options with commas: %w", text, at+1, ErrChoice)
		}
		if c.scores[at], err = parseOptions(p.Definition.Contests[contests[at]], options); err != nil {
			return Choices{}, fmt.Errorf("read choice %q: %w", text, err)
		}
	}
	for i := range c.scores {
		if c.scores[i] == nil {
			title := Title(p.Definition.Contests[contests[i]].Title)
			return Choices{}, fmt.Errorf("contest %d (%s): %w; %q leaves it blank", i+1, title, ErrNotChosen, fmt.Sprintf("%d=", i+1))
		}
	}
	return c, nil
}

func parseOptions(contest *electionv1.Contest, text string) ([]uint32, error) {
	scores := make([]uint32, len(contest.Options))
	if strings.TrimSpace(text) == "" {
		return scores, nil
	}
	points := contest.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS
	option := func(name string) (int, error) {
		return find(name, len(contest.Options), func(i int) []*electionv1.Text { return contest.Options[i].Title })
	}
	// A title may hold a comma: the whole text first.
	if at, err := option(text); err == nil && !points {
		scores[at] = 1
		return scores, nil
	}
	var chosen []int
	for _, part := range strings.Split(text, ",") {
		name, score := part, uint64(1)
		if points {
			colon := strings.LastIndex(part, ":")
			if colon < 0 {
				return nil, fmt.Errorf("option %q: write OPTION:POINTS: %w", part, ErrChoice)
			}
			var err error
			if score, err = strconv.ParseUint(strings.TrimSpace(part[colon+1:]), 10, 32); err != nil {
				return nil, fmt.Errorf("option %q: points are not a number: %w", part, ErrChoice)
			}
			name = part[:colon]
		}
		at, err := option(name)
		if err != nil {
			return nil, fmt.Errorf("option: %w", err)
		}
		if slices.Contains(chosen, at) {
			return nil, fmt.Errorf("option %d is named twice: %w", at+1, ErrChoice)
		}
		chosen = append(chosen, at)
		scores[at] = uint32(score)
	}
	return scores, nil
}

// find looks a name up by number or title. A title that reads like a number is
// found by its number only.
func find(name string, n int, title func(int) []*electionv1.Text) (int, error) {
	name = strings.TrimSpace(name)
	if number, err := strconv.Atoi(name); err == nil {
		if number < 1 || number > n {
			return 0, fmt.Errorf("%d is not in 1..%d: %w", number, n, ErrChoice)
		}
		return number - 1, nil
	}
	found := -1
	for i := range n {
		for _, t := range title(i) {
			if !strings.EqualFold(t.Text, name) || found == i {
				continue
			}
			if found >= 0 {
				return 0, fmt.Errorf("%q stands for several; give its number: %w", name, ErrChoice)
			}
			found = i
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("nothing is called %q; give its number: %w", name, ErrChoice)
	}
	return found, nil
}

// Title of a contest, an option or an election for a message: the first language.
func Title(texts []*electionv1.Text) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0].Text
}
