package election

import (
	"github.com/urna-vote/urna/crypto/bitproof"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// ContestShape is the shape of one contest: a form for each option.
func ContestShape(c *electionv1.Contest) bitproof.Shape {
	n := uint32(len(c.Options))
	if c.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS {
		return bitproof.Points(n, c.MaxPoints, c.HasTotal, c.TotalMin, c.TotalMax)
	}
	return bitproof.Choice(n, c.Min, c.Max)
}

// Shape is the shape of a style's ballot, its contests one after the other, and
// the numbers of its ciphertext slots, ascending. The definition is valid.
func Shape(def *electionv1.Definition, style uint32) (*bitproof.Shape, []int) {
	var parts []bitproof.Shape
	var slots []int
	for _, c := range def.Styles[style].Contests {
		parts = append(parts, ContestShape(def.Contests[c]))
		slots = append(slots, ContestSlots(def, c)...)
	}
	shape := bitproof.Concat(parts...)
	return &shape, slots
}

// ContestSlots lists the ciphertext slots of a contest, one for each option.
func ContestSlots(def *electionv1.Definition, contest uint32) []int {
	c := def.Contests[contest]
	slots := make([]int, len(c.Options))
	for o := range slots {
		slots[o] = int(c.FirstSlot) + o
	}
	return slots
}

// Slots is the length of a zone's election key: its highest slot number.
func Slots(def *electionv1.Definition, zone uint32) int {
	highest := 0
	for _, s := range def.Styles {
		if s.Zone != zone {
			continue
		}
		last := def.Contests[s.Contests[len(s.Contests)-1]]
		highest = max(highest, lastSlot(last))
	}
	return highest
}

func lastSlot(c *electionv1.Contest) int { return int(c.FirstSlot) + len(c.Options) - 1 }
