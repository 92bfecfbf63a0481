package commission

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/terminal"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Definition fetches the definition of an election, proven by the chain.
func (o *Office) Definition(ctx context.Context, id [32]byte) (*electionv1.Definition, error) {
	proven, err := o.Client.Proven(ctx, id, "definition")
	if err != nil {
		return nil, err
	}
	b, ok := proven.Object("definition")
	if !ok {
		return nil, fmt.Errorf("the node proves no definition for election %x", id)
	}
	def := &electionv1.Definition{}
	if err := def.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("definition of election %x: %w", id, err)
	}
	if got := election.ID(o.ChainID, b); got != id {
		return nil, fmt.Errorf("the node gives the definition of election %x for %x", got, id)
	}
	return def, nil
}

// Render says in words all that a proposal would do, from its own bytes: what is
// shown is what an approval signs. It refuses bytes of another proposal. The
// keys of the commission's members, if given, enter the warnings.
func Render(chainID string, id [32]byte, state []byte, members ...[]byte) (string, error) {
	s, err := ledger.DecodeStrict[commissionv1.ProposalState](state, 1<<20)
	if err != nil {
		return "", fmt.Errorf("proposal %x: %w", id, err)
	}
	if s.Proposal == nil || commission.ProposalID(chainID, s.Proposal) != id {
		return "", fmt.Errorf("the node gives another proposal for %x: do not approve it", id)
	}
	lines, err := renderAct(chainID, s.Proposal, members)
	if err != nil {
		return "", fmt.Errorf("proposal %x: %w", id, err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Proposal %x on chain %s\n", id, chainID)
	for _, line := range lines {
		// A line of the text is one line of the act: its words are a stranger's.
		fmt.Fprintf(&text, "  %s\n", terminal.Plain(line))
	}
	for _, key := range s.Approvals {
		fmt.Fprintf(&text, "  approved by member %x\n", key)
	}
	fmt.Fprintf(&text, "  approvals so far: %d; expires %s\n", len(s.Approvals), at(s.Proposal.ExpiresMs))
	return text.String(), nil
}

// at is a time to the millisecond, where it has some.
func at(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00") }

func renderAct(chainID string, p *commissionv1.Proposal, members [][]byte) ([]string, error) {
	switch commissionv1.Action(p.Action) {
	case commissionv1.Action_ACTION_CREATE_ELECTION:
		m, err := ledger.DecodeStrict[electionv1.CreateElection](p.Body, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("act %d: %w", p.Action, err)
		}
		return renderElection(chainID, m.Definition, members)
	case commissionv1.Action_ACTION_CANCEL_ELECTION:
		return renderWith(p, func(m *electionv1.CancelElection) []string {
			return []string{fmt.Sprintf("CANCEL election %x for good", m.ElectionId), "reason: " + m.Reason}
		})
	case commissionv1.Action_ACTION_EXTEND_CLOSE:
		return renderWith(p, func(m *electionv1.ExtendClose) []string {
			return []string{fmt.Sprintf("extend election %x, zone %d: it closes at %s", m.ElectionId, m.Zone, at(m.ClosesMs)), "reason: " + m.Reason}
		})
	case commissionv1.Action_ACTION_RESOLVE_SUSPENSION:
		return renderWith(p, func(m *electionv1.ResolveSuspension) []string {
			what := "the due deadline takes effect now"
			if m.MoveToMs != 0 {
				what = "the due deadline moves to " + at(m.MoveToMs)
			}
			return []string{fmt.Sprintf("end the suspension of election %x, zone %d: %s", m.ElectionId, m.Zone, what), "reason: " + m.Reason}
		})
	case commissionv1.Action_ACTION_APPROVE_ROLL:
		return renderWith(p, renderRoll)
	case commissionv1.Action_ACTION_REMOVE_ENTRIES:
		return renderWith(p, func(m *rollv1.RemoveEntries) []string {
			lines := []string{fmt.Sprintf("strike %d entries from the roll of election %x", len(m.Entries), m.ElectionId), "reason: " + m.Reason}
			for _, e := range m.Entries {
				lines = append(lines, fmt.Sprintf("entry %x", e))
			}
			return lines
		})
	case commissionv1.Action_ACTION_OPEN_PANEL:
		return renderWith(p, func(m *issuancev1.OpenPanel) []string {
			classes := "all token classes"
			if len(m.TokenClasses) > 0 {
				classes = fmt.Sprintf("token classes %v", m.TokenClasses)
			}
			return []string{fmt.Sprintf("open panel %d for %s of election %x", m.Panel, classes, m.ElectionId), "reason: " + m.Reason}
		})
	case commissionv1.Action_ACTION_RESTART_CEREMONY:
		return renderWith(p, func(m *ceremonyv1.RestartCeremony) []string {
			return []string{fmt.Sprintf("begin the key ceremony of election %x, zone %d, anew", m.ElectionId, m.Zone), "reason: " + m.Reason}
		})
	case commissionv1.Action_ACTION_APPROVE_PROTOCOL:
		return renderWith(p, func(m *tallyv1.ApproveProtocol) []string {
			return []string{fmt.Sprintf("the protocol of results of election %x, zone %d, is the one with hash %x; the zone is final", m.ElectionId, m.Zone, m.ProtocolHash)}
		})
	case commissionv1.Action_ACTION_CONSENT_SMALL_COUNT:
		return renderWith(p, func(m *tallyv1.ConsentSmallCount) []string {
			return []string{fmt.Sprintf("consent to decrypting fewer ballots than the least, as one, in election %x, zone %d", m.ElectionId, m.Zone), "reason: " + m.Reason}
		})
	}
	return nil, fmt.Errorf("act %d is not known to this program: do not approve what it cannot show", p.Action)
}

// renderWith decodes an act strictly before it is put into words.
func renderWith[T any, M interface {
	*T
	ledger.Wire
}](p *commissionv1.Proposal, words func(M) []string) ([]string, error) {
	m, err := ledger.DecodeStrict[T, M](p.Body, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("act %d: %w", p.Action, err)
	}
	return words(m), nil
}

func renderRoll(m *rollv1.ApproveRoll) []string {
	total := uint64(0)
	for _, s := range m.Styles {
		total += s.Size_
	}
	lines := []string{fmt.Sprintf("the roll of election %x: %d entries staged by member %x", m.ElectionId, total, m.Author)}
	for _, s := range m.Styles {
		lines = append(lines, fmt.Sprintf("style %d: %d entries, root %x", s.Style, s.Size_, s.Root))
	}
	return lines
}
