package election

import (
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/bitproof"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

func validateContests(def *electionv1.Definition) error {
	if err := count("contests", len(def.Contests), 1, MaxContests); err != nil {
		return err
	}
	for i, c := range def.Contests {
		if err := validateContest(fmt.Sprintf("contests[%d]", i), c); err != nil {
			return err
		}
	}
	return nil
}

func validateContest(path string, c *electionv1.Contest) error {
	if err := texts(path+".title", c.Title); err != nil {
		return err
	}
	if err := count(path+".options", len(c.Options), 1, MaxOptions); err != nil {
		return err
	}
	for o, option := range c.Options {
		if err := texts(fmt.Sprintf("%s.options[%d].title", path, o), option.Title); err != nil {
			return err
		}
	}
	if c.FirstSlot < 1 || c.FirstSlot > MaxSlots || lastSlot(c) > MaxSlots {
		return refuse(path+".first_slot", "slots %d.. of %d options are outside 1..%d", c.FirstSlot, len(c.Options), MaxSlots)
	}
	switch c.Kind {
	case electionv1.ContestKind_CONTEST_KIND_CHOICE:
		if err := validateChoice(path, c); err != nil {
			return err
		}
	case electionv1.ContestKind_CONTEST_KIND_POINTS:
		if err := validatePoints(path, c); err != nil {
			return err
		}
	default:
		return refuse(path+".kind", "%d is neither choice nor points", c.Kind)
	}
	shape := ContestShape(c)
	if err := shape.Validate(); err != nil {
		return refuse(path, "%v", err)
	}
	return nil
}

func validateChoice(path string, c *electionv1.Contest) error {
	n := uint32(len(c.Options))
	switch {
	case c.Max < 1 || c.Max > n:
		return refuse(path+".max", "%d is outside 1..%d, the number of options", c.Max, n)
	case c.Min > c.Max:
		return refuse(path+".min", "%d is above max %d", c.Min, c.Max)
	case c.MaxPoints != 0 || c.HasTotal || c.TotalMin != 0 || c.TotalMax != 0:
		return refuse(path, "points in a contest of choice")
	}
	return nil
}

func validatePoints(path string, c *electionv1.Contest) error {
	most := uint64(c.MaxPoints) * uint64(len(c.Options))
	switch {
	case c.Min != 0 || c.Max != 0:
		return refuse(path, "min or max in a contest of points; its limits are total_min and total_max")
	case c.MaxPoints < 1 || c.MaxPoints > MaxPoints:
		return refuse(path+".max_points", "%d is outside 1..%d", c.MaxPoints, MaxPoints)
	case !c.HasTotal && (c.TotalMin != 0 || c.TotalMax != 0):
		return refuse(path+".has_total", "false, but a total is given")
	case c.HasTotal && (c.TotalMax < 1 || uint64(c.TotalMax) > most):
		return refuse(path+".total_max", "%d is outside 1..%d, all that can be given", c.TotalMax, most)
	case c.TotalMin > c.TotalMax:
		return refuse(path+".total_min", "%d is above total_max %d", c.TotalMin, c.TotalMax)
	}
	return nil
}

func validateStyles(def *electionv1.Definition) error {
	if err := count("classes", len(def.Classes), 1, MaxClasses); err != nil {
		return err
	}
	names := map[string]int{}
	for i, c := range def.Classes {
		if err := name(fmt.Sprintf("classes[%d].name", i), i, c.Name, names); err != nil {
			return err
		}
	}
	if err := count("styles", len(def.Styles), 1, MaxStyles); err != nil {
		return err
	}
	bits := make([]int, len(def.Contests))
	for i, c := range def.Contests {
		bits[i] = ContestShape(c).Bits
	}
	names = map[string]int{}
	for i, s := range def.Styles {
		path := fmt.Sprintf("styles[%d]", i)
		if err := name(path+".name", i, s.Name, names); err != nil {
			return err
		}
		if len(s.Title) > 0 {
			if err := texts(path+".title", s.Title); err != nil {
				return err
			}
		}
		if err := validateStyle(path, def, s, bits); err != nil {
			return err
		}
	}
	return nil
}

// validateStyle sees one style. A ballot's shape is valid if its contests' are
// and it keeps the limits of bits and forms, for contests share no bits.
func validateStyle(path string, def *electionv1.Definition, s *electionv1.Style, bits []int) error {
	switch {
	case int(s.Zone) >= len(def.Zones):
		return refuse(path+".zone", "%d is not an index of the %d zones", s.Zone, len(def.Zones))
	case int(s.Group) >= len(def.Groups):
		return refuse(path+".group", "%d is not an index of the %d groups", s.Group, len(def.Groups))
	case int(s.TokenClass) >= len(def.Classes):
		return refuse(path+".token_class", "%d is not an index of the %d classes", s.TokenClass, len(def.Classes))
	}
	if err := count(path+".contests", len(s.Contests), 1, MaxBallotContests); err != nil {
		return err
	}
	last, allBits, forms := 0, 0, 0
	for _, index := range s.Contests {
		if int(index) >= len(def.Contests) {
			return refuse(path+".contests", "%d is not an index of the %d contests", index, len(def.Contests))
		}
		c := def.Contests[index]
		if int(c.FirstSlot) <= last {
			return refuse(path+".contests", "contest %d begins at slot %d, but the one before it ends at %d: contests of a style ascend and do not overlap",
				index, c.FirstSlot, last)
		}
		last, allBits, forms = lastSlot(c), allBits+bits[index], forms+len(c.Options)
	}
	if allBits > bitproof.MaxBits || forms > bitproof.MaxForms {
		return refuse(path+".contests", "a ballot of %d bits and %d options is larger than %d and %d", allBits, forms, bitproof.MaxBits, bitproof.MaxForms)
	}
	return nil
}

// validateUse checks that everything is used, and by whom: the styles of a
// token class have one zone and the same contests, those of a counting group
// one zone, since a sum has one key.
func validateUse(def *electionv1.Definition) error {
	classes := make([]*electionv1.Style, len(def.Classes))
	groups := make([]*electionv1.Style, len(def.Groups))
	zones := make([]bool, len(def.Zones))
	contests := make([]bool, len(def.Contests))
	for i, s := range def.Styles {
		path := fmt.Sprintf("styles[%d]", i)
		if first := classes[s.TokenClass]; first == nil {
			classes[s.TokenClass] = s
		} else if first.Zone != s.Zone {
			return refuse(path+".zone", "token class %q is in zones %d and %d", def.Classes[s.TokenClass].Name, first.Zone, s.Zone)
		} else if !slices.Equal(first.Contests, s.Contests) {
			return refuse(path+".contests", "differ from those of style %q of the same token class", first.Name)
		}
		if first := groups[s.Group]; first == nil {
			groups[s.Group] = s
		} else if first.Zone != s.Zone {
			return refuse(path+".zone", "counting group %d is in zones %d and %d, which have different keys", s.Group, first.Zone, s.Zone)
		}
		zones[s.Zone] = true
		for _, c := range s.Contests {
			contests[c] = true
		}
	}
	if i := slices.Index(classes, nil); i >= 0 {
		return refuse(fmt.Sprintf("classes[%d]", i), "has no style")
	}
	if i := slices.Index(groups, nil); i >= 0 {
		return refuse(fmt.Sprintf("groups[%d]", i), "has no style")
	}
	if i := slices.Index(zones, false); i >= 0 {
		return refuse(fmt.Sprintf("zones[%d]", i), "has no style")
	}
	if i := slices.Index(contests, false); i >= 0 {
		return refuse(fmt.Sprintf("contests[%d]", i), "is on no ballot")
	}
	return nil
}
