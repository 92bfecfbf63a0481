package commission

import (
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// MaxApproveBytes limits the message.
const MaxApproveBytes = 64

// DecodeApprove decodes the message.
func DecodeApprove(body []byte) (*commissionv1.Approve, error) {
	return ledger.DecodeStrict[commissionv1.Approve](body, MaxApproveBytes)
}

// ValidateApprove sees the message alone: proposal_id.
func ValidateApprove(m *commissionv1.Approve) error {
	if len(m.ProposalId) != 32 {
		return CodeMalformed.Refuse("proposal_id", "%d bytes, needs 32", len(m.ProposalId))
	}
	return nil
}
