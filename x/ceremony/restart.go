package ceremony

import (
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

const maxActBytes = 4096

// DecodeRestart reads the body of the act RestartCeremony.
func DecodeRestart(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[ceremonyv1.RestartCeremony](body, maxActBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	return m, nil
}

// ValidateRestart checks what the act alone shows: election_id, reason.
func ValidateRestart(_ ledger.Context, act any) error {
	m := act.(*ceremonyv1.RestartCeremony)
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, an election's id has 32", len(m.ElectionId))
	}
	return election.ValidateReason(m.Reason)
}
