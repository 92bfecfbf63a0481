package keeper

import (
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckResolveSuspension: election_id, zone (suspended), move_to_ms (later
// than now, before the next deadline; the close at most 24 hours later than
// defined).
func (k *Keeper) PrecheckResolveSuspension(ctx ledger.Context, r ledger.Reader, m *electionv1.ResolveSuspension) ([]string, error) {
	id, def, z, err := k.zoneOf(r, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if !z.Suspended {
		return nil, election.CodeNotSuspended.Refuse("zone", "zone %d is not suspended", m.Zone)
	}
	if m.MoveToMs == 0 {
		return []string{election.ZoneClaim(id, m.Zone)}, nil
	}
	if m.MoveToMs <= ctx.TimeMS {
		return nil, election.CodeTimetable.Refuse("move_to_ms", "%d is not after block time %d; 0 means now", m.MoveToMs, ctx.TimeMS)
	}
	d := election.Next(z.Phase)
	if d == election.DeadlineClose {
		if latest := latestClose(def, m.Zone); m.MoveToMs > latest {
			return nil, election.CodeTimetable.Refuse("move_to_ms", "%d is more than 24 hours after the defined close; at most %d", m.MoveToMs, latest)
		}
	} else if next := (d + 1).Time(z); m.MoveToMs >= next {
		return nil, election.CodeTimetable.Refuse("move_to_ms", "%d is not before %s, %d", m.MoveToMs, d+1, next)
	}
	return []string{election.ZoneClaim(id, m.Zone)}, nil
}

// ExecuteResolveSuspension moves the held deadline: to a later time, or to the
// next block, which is now. Deadlines after it that passed meanwhile are held
// in their turn.
func (k *Keeper) ExecuteResolveSuspension(ctx ledger.Context, w ledger.Writer, m *electionv1.ResolveSuspension) error {
	if _, err := k.PrecheckResolveSuspension(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	z, _ := k.Zone(w, id, m.Zone)
	to := m.MoveToMs
	if to == 0 {
		to = ctx.TimeMS + 1
	}
	z.HeldToMs = ctx.TimeMS
	k.move(w, id, m.Zone, &z, election.Next(z.Phase), to)
	z.Suspended = false
	k.put(w, id, m.Zone, z)
	return nil
}
