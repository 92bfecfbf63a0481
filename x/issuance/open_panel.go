package issuance

import (
	"fmt"

	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

const maxOpenBytes = election.MaxClasses*3 + election.MaxReasonBytes + 128

// DecodeOpenPanel decodes the act.
func DecodeOpenPanel(body []byte) (*issuancev1.OpenPanel, error) {
	return ledger.DecodeStrict[issuancev1.OpenPanel](body, maxOpenBytes)
}

// ValidateOpenPanel sees the act alone: election_id, token_classes (ascending),
// reason.
func ValidateOpenPanel(m *issuancev1.OpenPanel) error {
	if err := validateElection(m.ElectionId); err != nil {
		return err
	}
	for i := 1; i < len(m.TokenClasses); i++ {
		if m.TokenClasses[i] <= m.TokenClasses[i-1] {
			return CodeMalformed.Refuse(fmt.Sprintf("token_classes[%d]", i), "does not come after the class before it; classes ascend")
		}
	}
	return election.ValidateReason(m.Reason)
}
