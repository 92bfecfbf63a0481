package keeper

import (
	"bytes"
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// PrecheckApproveProtocol requires that the protocol stands and is the one named.
func (k *Keeper) PrecheckApproveProtocol(_ ledger.Context, r ledger.Reader, act any) ([]string, error) {
	m := act.(*tallyv1.ApproveProtocol)
	id := [32]byte(m.ElectionId)
	if _, err := k.counting(r, id, m.Zone); err != nil {
		return nil, err
	}
	p, ok := k.ProtocolOf(r, id, m.Zone)
	if !ok {
		return nil, tally.CodeNoProtocol.Refuse("zone", "zone %d has no protocol yet: the result or the list of counted ballots is missing", m.Zone)
	}
	if hash := tally.ProtocolHash(p); !bytes.Equal(hash[:], m.ProtocolHash) {
		return nil, tally.CodeOther.Refuse("protocol_hash", "the ledger's protocol of zone %d has the hash %x", m.Zone, hash)
	}
	return []string{fmt.Sprintf("protocol:%x/%d", id, m.Zone)}, nil
}

// ExecuteApproveProtocol marks the zone; the end of the block makes it final.
func (k *Keeper) ExecuteApproveProtocol(_ ledger.Context, w ledger.Writer, act any) error {
	m := act.(*tallyv1.ApproveProtocol)
	w.Set(tally.ApprovedKey([32]byte(m.ElectionId), m.Zone), []byte{1})
	return nil
}

// PrecheckConsentSmallCount requires that the zone waits for the consent.
func (k *Keeper) PrecheckConsentSmallCount(_ ledger.Context, r ledger.Reader, act any) ([]string, error) {
	m := act.(*tallyv1.ConsentSmallCount)
	id := [32]byte(m.ElectionId)
	_, z, err := k.zone(r, id, m.Zone)
	if err != nil {
		return nil, err
	}
	if _, waiting := k.Units(r, id, m.Zone); z.Phase != electionv1.Phase_PHASE_CLOSED || !waiting {
		return nil, tally.CodeNoConsent.Refuse("zone", "zone %d is in phase %s and does not wait for consent", m.Zone, election.PhaseName(z.Phase))
	}
	return []string{fmt.Sprintf("consent:%x/%d", id, m.Zone)}, nil
}

// ExecuteConsentSmallCount records the consent; the end of the block freezes the sums.
func (k *Keeper) ExecuteConsentSmallCount(_ ledger.Context, w ledger.Writer, act any) error {
	m := act.(*tallyv1.ConsentSmallCount)
	w.Set(tally.ConsentKey([32]byte(m.ElectionId), m.Zone), ledger.MustEncode(m))
	return nil
}
