package keeper

import (
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckCancelElection: election_id (known, not over in every zone).
func (k *Keeper) PrecheckCancelElection(_ ledger.Context, r ledger.Reader, m *electionv1.CancelElection) ([]string, error) {
	id, def, _, err := k.zoneOf(r, m.ElectionId, 0)
	if err != nil {
		return nil, err
	}
	claims := []string{election.Claim(id)}
	running := false
	for zone := range uint32(len(def.Zones)) {
		z, _ := k.Zone(r, id, zone)
		running = running || !over(z.Phase)
		claims = append(claims, election.ZoneClaim(id, zone))
	}
	if !running {
		return nil, election.CodePhase.Refuse("election_id", "every zone of election %x is final or cancelled", id)
	}
	return claims, nil
}

// ExecuteCancelElection records the reason; the zones end in EndBlock.
func (k *Keeper) ExecuteCancelElection(ctx ledger.Context, w ledger.Writer, m *electionv1.CancelElection) error {
	if _, err := k.PrecheckCancelElection(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	def, _ := k.Definition(w, id)
	for zone := range uint32(len(def.Zones)) {
		if z, _ := k.Zone(w, id, zone); !over(z.Phase) {
			z.CancelReason = m.Reason
			k.put(w, id, zone, z)
		}
	}
	w.Set(cancellingKey(id), []byte{1})
	return nil
}
