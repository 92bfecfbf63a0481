package roll

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
)

const maxApproveBytes = 1_000_000

// DecodeApproveRoll decodes the act.
func DecodeApproveRoll(body []byte) (*rollv1.ApproveRoll, error) {
	return ledger.DecodeStrict[rollv1.ApproveRoll](body, maxApproveBytes)
}

// ValidateApproveRoll sees the act alone: election_id, author, styles (each
// once, in order, from 0).
func ValidateApproveRoll(m *rollv1.ApproveRoll) error {
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, needs 32", len(m.ElectionId))
	}
	if len(m.Author) != 32 {
		return CodeMalformed.Refuse("author", "%d bytes, needs 32", len(m.Author))
	}
	for i, s := range m.Styles {
		path := fmt.Sprintf("styles[%d]", i)
		switch {
		case int(s.Style) != i:
			return CodeMalformed.Refuse(path+".style", "is %d; every style stands once, in order", s.Style)
		case s.Size_ > merkle.MaxSize:
			return CodeMalformed.Refuse(path+".size", "%d is above %d", s.Size_, merkle.MaxSize)
		case len(s.Root) != merkle.HashSize:
			return CodeMalformed.Refuse(path+".root", "%d bytes, needs %d", len(s.Root), merkle.HashSize)
		}
	}
	return nil
}
