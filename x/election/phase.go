package election

import (
	"strings"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// PhaseName is the phase in lower case, for people: "voting".
func PhaseName(p electionv1.Phase) string {
	return strings.ToLower(strings.TrimPrefix(p.String(), "PHASE_"))
}

// IssuesTokens reports whether tokens are issued in a zone now. While the close
// is suspended they are not.
func IssuesTokens(z electionv1.ZoneState) bool {
	return z.Phase == electionv1.Phase_PHASE_ISSUING || AcceptsBallots(z)
}

// AcceptsBallots reports whether ballots are accepted in a zone now. While the
// close is suspended they are not.
func AcceptsBallots(z electionv1.ZoneState) bool {
	return z.Phase == electionv1.Phase_PHASE_VOTING && !z.Suspended
}

// BeforeClose reports whether the zone's voting has not ended: rolls and
// issuers' keys may still be added.
func BeforeClose(z electionv1.ZoneState) bool {
	return z.Phase >= electionv1.Phase_PHASE_ANNOUNCED && z.Phase <= electionv1.Phase_PHASE_VOTING
}

// Deadline is a moment of a zone's timetable.
type Deadline byte

// Deadlines in the order of the timetable.
const (
	DeadlineNone Deadline = iota
	DeadlineCeremony
	DeadlineIssuing
	DeadlineVoting
	DeadlineClose
)

// Time of a deadline as it stands now, Unix milliseconds.
func (d Deadline) Time(z electionv1.ZoneState) int64 {
	switch d {
	case DeadlineCeremony:
		return z.CeremonyOpensMs
	case DeadlineIssuing:
		return z.IssuingOpensMs
	case DeadlineVoting:
		return z.VotingOpensMs
	case DeadlineClose:
		return z.ClosesMs
	default:
		return 0
	}
}

// Move sets the time of a deadline.
func (d Deadline) Move(z *electionv1.ZoneState, ms int64) {
	switch d {
	case DeadlineCeremony:
		z.CeremonyOpensMs = ms
	case DeadlineIssuing:
		z.IssuingOpensMs = ms
	case DeadlineVoting:
		z.VotingOpensMs = ms
	case DeadlineClose:
		z.ClosesMs = ms
	}
}

// String names the deadline as the definition does.
func (d Deadline) String() string {
	return [...]string{"none", "ceremony_opens_ms", "issuing_opens_ms", "voting_opens_ms", "closes_ms"}[d]
}

// Next is the deadline that ends a phase, or for which it waits.
func Next(p electionv1.Phase) Deadline {
	switch p {
	case electionv1.Phase_PHASE_ANNOUNCED:
		return DeadlineCeremony
	case electionv1.Phase_PHASE_CEREMONY, electionv1.Phase_PHASE_ROLL:
		return DeadlineIssuing
	case electionv1.Phase_PHASE_ISSUING:
		return DeadlineVoting
	case electionv1.Phase_PHASE_VOTING:
		return DeadlineClose
	default:
		return DeadlineNone
	}
}

// Announce is the state of a zone when the election is made.
func Announce(z *electionv1.Zone, height int64) electionv1.ZoneState {
	return electionv1.ZoneState{
		Phase:           electionv1.Phase_PHASE_ANNOUNCED,
		CeremonyOpensMs: z.CeremonyOpensMs,
		IssuingOpensMs:  z.IssuingOpensMs,
		VotingOpensMs:   z.VotingOpensMs,
		ClosesMs:        z.ClosesMs,
		SinceHeight:     height,
	}
}
