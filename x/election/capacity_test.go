package election_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

func TestDefinitionIsRefusedIfTrusteesCouldNotServeIt(t *testing.T) {
	wide := sample.Definition()
	wide.Contests[1].FirstSlot = 4090
	wide.Trustees, wide.Threshold = nil, 10
	for i := range 20 {
		name := fmt.Sprintf("trustee-%d", i)
		wide.Trustees = append(wide.Trustees, &electionv1.Trustee{Name: name, Key: sample.Public(name)})
	}
	many := sample.Definition()
	many.Groups, many.Styles = nil, nil
	for i := range 6000 {
		many.Groups = append(many.Groups, &electionv1.CountingGroup{Title: sample.Text(fmt.Sprint(i))})
		many.Styles = append(many.Styles, &electionv1.Style{Name: fmt.Sprint(i), Title: sample.Text("x"), Group: uint32(i), Contests: []uint32{0, 1}})
	}
	for name, tc := range map[string]struct {
		def  *electionv1.Definition
		says string
	}{
		"too many slots for a deal":   {wide, "a deal"},
		"too many groups for a share": {many, "shares"},
	} {
		t.Run(name, func(t *testing.T) {
			var refusal *ledger.Refusal
			if err := election.Validate(tc.def); !errors.As(err, &refusal) || refusal.Field != "zones[0]" || !strings.Contains(refusal.Reason, tc.says) {
				t.Fatalf("answer is %v", err)
			}
		})
	}
	if err := election.Validate(sample.Definition()); err != nil {
		t.Fatal(err)
	}
}
