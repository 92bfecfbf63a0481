package keeper

import (
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckExtendClose: election_id, zone (known, the close has not taken
// effect), closes_ms (later than now and than before, at most 24 hours later
// than defined).
func (k *Keeper) PrecheckExtendClose(ctx ledger.Context, r ledger.Reader, m *electionv1.ExtendClose) ([]string, error) {
	id, def, z, err := k.zoneOf(r, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if !election.BeforeClose(z) {
		return nil, election.CodePhase.Refuse("zone", "zone %d is %s: its close has taken effect", m.Zone, election.PhaseName(z.Phase))
	}
	if z.Suspended && election.Next(z.Phase) == election.DeadlineClose {
		return nil, election.CodeSuspended.Refuse("zone", "the close of zone %d fell into a gap of block time; resolve the suspension instead", m.Zone)
	}
	if m.ClosesMs <= ctx.TimeMS || m.ClosesMs <= z.ClosesMs {
		return nil, election.CodeTimetable.Refuse("closes_ms", "%d is not after the present close %d and block time %d", m.ClosesMs, z.ClosesMs, ctx.TimeMS)
	}
	if latest := latestClose(def, m.Zone); m.ClosesMs > latest {
		return nil, election.CodeTimetable.Refuse("closes_ms", "%d is more than 24 hours after the defined close; at most %d", m.ClosesMs, latest)
	}
	return []string{election.ZoneClaim(id, m.Zone)}, nil
}

// ExecuteExtendClose moves the close.
func (k *Keeper) ExecuteExtendClose(ctx ledger.Context, w ledger.Writer, m *electionv1.ExtendClose) error {
	if _, err := k.PrecheckExtendClose(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	z, _ := k.Zone(w, id, m.Zone)
	k.move(w, id, m.Zone, &z, election.DeadlineClose, m.ClosesMs)
	k.put(w, id, m.Zone, z)
	return nil
}

// move sets a deadline that has not taken effect.
func (k *Keeper) move(w ledger.Writer, id [32]byte, zone uint32, z *electionv1.ZoneState, d election.Deadline, ms int64) {
	w.Delete(dueKey(d.Time(*z), id, zone, d))
	d.Move(z, ms)
	w.Set(dueKey(ms, id, zone, d), []byte{1})
}

func latestClose(def *electionv1.Definition, zone uint32) int64 {
	return def.Zones[zone].ClosesMs + election.MaxExtensionMS
}
