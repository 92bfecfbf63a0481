package election

import (
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// DecodeCreateElection decodes the act.
func DecodeCreateElection(body []byte) (*electionv1.CreateElection, error) {
	return ledger.DecodeStrict[electionv1.CreateElection](body, MaxDefinitionBytes)
}

// ValidateCreateElection sees the act alone: the definition.
func ValidateCreateElection(m *electionv1.CreateElection) error {
	return Validate(m.Definition)
}

// DecodeCancelElection decodes the act.
func DecodeCancelElection(body []byte) (*electionv1.CancelElection, error) {
	return ledger.DecodeStrict[electionv1.CancelElection](body, maxActBytes)
}

// ValidateCancelElection sees the act alone: election_id, reason.
func ValidateCancelElection(m *electionv1.CancelElection) error {
	if _, err := ParseID(m.ElectionId); err != nil {
		return err
	}
	return ValidateReason(m.Reason)
}

// DecodeExtendClose decodes the act.
func DecodeExtendClose(body []byte) (*electionv1.ExtendClose, error) {
	return ledger.DecodeStrict[electionv1.ExtendClose](body, maxActBytes)
}

// ValidateExtendClose sees the act alone: election_id, closes_ms, reason. Zone
// and time are for Precheck.
func ValidateExtendClose(m *electionv1.ExtendClose) error {
	if _, err := ParseID(m.ElectionId); err != nil {
		return err
	}
	if m.ClosesMs < 1 || m.ClosesMs > maxTimeMS {
		return CodeMalformed.Refuse("closes_ms", "%d is no time in Unix milliseconds", m.ClosesMs)
	}
	return ValidateReason(m.Reason)
}

// DecodeResolveSuspension decodes the act.
func DecodeResolveSuspension(body []byte) (*electionv1.ResolveSuspension, error) {
	return ledger.DecodeStrict[electionv1.ResolveSuspension](body, maxActBytes)
}

// ValidateResolveSuspension sees the act alone: election_id, move_to_ms,
// reason.
func ValidateResolveSuspension(m *electionv1.ResolveSuspension) error {
	if _, err := ParseID(m.ElectionId); err != nil {
		return err
	}
	if m.MoveToMs < 0 || m.MoveToMs > maxTimeMS {
		return CodeMalformed.Refuse("move_to_ms", "%d is no time in Unix milliseconds; 0 means now", m.MoveToMs)
	}
	return ValidateReason(m.Reason)
}
