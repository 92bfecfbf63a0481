package election_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

func TestWarningNamesClassesWhoseStylesAreCountedApart(t *testing.T) {
	warned := func(def *electionv1.Definition) bool {
		if err := election.Validate(def); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(election.Warnings(def), func(w string) bool { return strings.Contains(w, `class "city" are in 2 counting groups`) })
	}
	apart := sample.Definition()
	if !warned(apart) {
		t.Error("no warning of one class in two groups")
	}
	together := sample.Definition()
	together.Groups, together.Styles[1].Group = together.Groups[:1], 0
	if warned(together) {
		t.Error("a warning of one class in one group")
	}
	classes := sample.Definition()
	classes.Classes = append(classes.Classes, &electionv1.TokenClass{Name: "south"})
	classes.Styles[1].TokenClass = 1
	if warned(classes) {
		t.Error("a warning of two classes, each in one group")
	}
}
