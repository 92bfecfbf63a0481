package keeper

import (
	"encoding/binary"
	"fmt"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckRestart requires a ceremony, running, failed, suspended or done, of a
// zone in which no token was issued yet.
func (k *Keeper) PrecheckRestart(_ ledger.Context, r ledger.Reader, act any) ([]string, error) {
	m := act.(*ceremonyv1.RestartCeremony)
	id := [32]byte(m.ElectionId)
	z, ok := k.elections.Zone(r, id, m.Zone)
	if !ok {
		return nil, ceremony.CodeElection.Refuse("election_id, zone", "no zone %d of election %x on this chain", m.Zone, id)
	}
	if z.Phase != electionv1.Phase_PHASE_CEREMONY && z.Phase != electionv1.Phase_PHASE_ROLL {
		return nil, ceremony.CodePhase.Refuse("zone", "zone %d is in phase %s: a ceremony is held again only before tokens are issued", m.Zone, election.PhaseName(z.Phase))
	}
	if _, ok := k.State(r, id, m.Zone); !ok {
		return nil, ceremony.CodePhase.Refuse("zone", "the ceremony of zone %d has not begun", m.Zone)
	}
	return []string{fmt.Sprintf("ceremony:%x/%d", id, m.Zone)}, nil
}

// ExecuteRestart marks the zone; the end of the block begins the new attempt.
func (k *Keeper) ExecuteRestart(_ ledger.Context, w ledger.Writer, act any) error {
	m := act.(*ceremonyv1.RestartCeremony)
	w.Set(ceremony.RestartKey([32]byte(m.ElectionId), m.Zone), []byte{1})
	return nil
}

// restart begins the attempts that were decided in this block. A key made
// before is void.
func (k *Keeper) restart(ctx ledger.Context, w ledger.Writer) {
	prefix := ceremony.RestartPrefix()
	var marks [][]byte
	w.Iterate(prefix, func(key, _ []byte) bool {
		marks = append(marks, append([]byte(nil), key...))
		return true
	})
	for _, mark := range marks {
		w.Delete(mark)
		rest := mark[len(prefix):]
		id, zone := [32]byte(rest[:32]), binary.BigEndian.Uint32(rest[32:])
		z, _ := k.elections.Zone(w, id, zone)
		switch z.Phase {
		case electionv1.Phase_PHASE_ROLL:
			w.Delete(ceremony.KeyKey(id, zone))
			w.Delete(ceremony.KeyIDKey(id, zone))
			k.elections.SetPhase(ctx, w, id, zone, electionv1.Phase_PHASE_CEREMONY)
		case electionv1.Phase_PHASE_CEREMONY:
		default:
			continue // cancelled in this block
		}
		c := k.load(w, id, zone)
		c.st = ceremony.Restart(c.st)
		c.opened(ctx)
		c.store(w)
	}
}
