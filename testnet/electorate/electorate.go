package electorate

import (
	"fmt"
	"math/rand/v2"
)

// Contest is a question: mark Min to Max of the Options.
type Contest struct {
	Title    string
	Options  []string
	Min, Max int
	// FirstSlot is the first ciphertext slot, counted from 1.
	FirstSlot int
}

// Style is a territory's ballot: indices into Groups, Classes and Contests.
type Style struct {
	Name         string
	Group, Class int
	Contests     []int
}

// Voter has a style and, per contest of the style, the marked options.
type Voter struct {
	Style   int
	Choices [][]int
}

// Electorate is an election's ballots and everybody who votes.
type Electorate struct {
	Title    string
	Contests []Contest
	Groups   []string
	Classes  []string
	Styles   []Style
	Voters   []Voter
}

// Counts are votes per counting group, contest and option; a contest that a
// group does not vote on is nil.
type Counts [][][]uint64

// Expected counts every voter's choices in the open.
func (e *Electorate) Expected() Counts {
	counts := make(Counts, len(e.Groups))
	for g := range counts {
		counts[g] = make([][]uint64, len(e.Contests))
	}
	for _, s := range e.Styles {
		for _, c := range s.Contests {
			if counts[s.Group][c] == nil {
				counts[s.Group][c] = make([]uint64, len(e.Contests[c].Options))
			}
		}
	}
	for _, v := range e.Voters {
		s := e.Styles[v.Style]
		for i, c := range s.Contests {
			for _, option := range v.Choices[i] {
				counts[s.Group][c][option]++
			}
		}
	}
	return counts
}

// OtherChoice draws choices for a ballot that a later one replaces.
func (e *Electorate) OtherChoice(r *rand.Rand, style int) [][]int {
	var choices [][]int
	for _, c := range e.Styles[style].Contests {
		contest := e.Contests[c]
		n := contest.Min + r.IntN(contest.Max-contest.Min+1)
		choices = append(choices, r.Perm(len(contest.Options))[:n])
	}
	return choices
}

// Load makes the electorate of a source: "moscow", "minneapolis", or the path
// of a .csv or .csv.gz file. Scale is the part of the real voters who vote,
// 0 < scale ≤ 1, or 0 for a size that suits a demonstration.
func Load(source string, scale float64, seed uint64) (*Electorate, error) {
	if !(scale >= 0 && scale <= 1) { // written so that NaN is refused too
		return nil, fmt.Errorf("scale %v: give a number above 0 and at most 1, or 0 for the default", scale)
	}
	switch source {
	case "moscow":
		if scale == 0 {
			scale = 0.001
		}
		return Moscow(scale, seed)
	case "minneapolis":
		if scale == 0 {
			scale = 0.02
		}
		return Minneapolis(scale, seed)
	}
	if scale == 0 {
		scale = 1
	}
	return File(source, scale, seed)
}

// shuffle puts the voters into an order that says nothing.
func (e *Electorate) shuffle(r *rand.Rand) {
	r.Shuffle(len(e.Voters), func(i, j int) { e.Voters[i], e.Voters[j] = e.Voters[j], e.Voters[i] })
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x75726e61)) }
