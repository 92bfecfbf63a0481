package tally_test

import (
	"errors"
	"strings"
	"testing"

	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

func TestConsentRefusesAReasonThatIsNoText(t *testing.T) {
	validate := func(reason string) error {
		return tally.ValidateConsentSmallCount(ledger.Context{}, &tallyv1.ConsentSmallCount{ElectionId: make([]byte, 32), Reason: reason})
	}
	if err := validate("a village"); err != nil {
		t.Fatal(err)
	}
	for name, reason := range map[string]string{
		"none": "", "not UTF-8": "broken \xff\xfe", "a control character": "two\nlines",
		"blank at its end": "why ", "too long": strings.Repeat("x", election.MaxReasonBytes+1),
	} {
		var refusal *ledger.Refusal
		if err := validate(reason); !errors.As(err, &refusal) || refusal.Code != election.CodeMalformed || refusal.Field != "reason" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
