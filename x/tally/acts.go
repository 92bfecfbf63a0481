package tally

import (
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

const maxActBytes = 4096

// DecodeApproveProtocol reads the act's body.
func DecodeApproveProtocol(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[tallyv1.ApproveProtocol](body, maxActBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	return m, nil
}

// ValidateApproveProtocol checks what the act alone shows.
func ValidateApproveProtocol(_ ledger.Context, act any) error {
	m := act.(*tallyv1.ApproveProtocol)
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(m.ElectionId))
	}
	if len(m.ProtocolHash) != 32 {
		return CodeMalformed.Refuse("protocol_hash", "%d bytes, a hash has 32", len(m.ProtocolHash))
	}
	return nil
}

// DecodeConsentSmallCount reads the act's body.
func DecodeConsentSmallCount(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[tallyv1.ConsentSmallCount](body, maxActBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	return m, nil
}

// ValidateConsentSmallCount checks what the act alone shows: election_id, reason.
func ValidateConsentSmallCount(_ ledger.Context, act any) error {
	m := act.(*tallyv1.ConsentSmallCount)
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(m.ElectionId))
	}
	return election.ValidateReason(m.Reason)
}
