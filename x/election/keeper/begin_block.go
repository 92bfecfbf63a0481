package keeper

import (
	"slices"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// BeginBlock lets deadlines take effect. Its cost grows with the deadlines that
// are due and not yet effective, not with the elections of the chain.
func (k *Keeper) BeginBlock(ctx ledger.Context, w ledger.Writer) {
	var list []due
	w.Iterate(election.KeyDue.Key(), func(key, _ []byte) bool {
		d := parseDue(key)
		if d.ms > ctx.TimeMS {
			return false
		}
		list = append(list, d)
		return true
	})
	if ctx.Gap() {
		for _, d := range list {
			if d.ms > ctx.PreviousTimeMS {
				k.hold(ctx, w, d.id, d.zone)
			}
		}
	}
	for _, d := range list {
		k.advance(ctx, w, d.id, d.zone)
	}
}

// EndBlock ends elections that were cancelled in this block.
func (k *Keeper) EndBlock(ctx ledger.Context, w ledger.Writer) {
	var cancelled [][32]byte
	w.Iterate(election.KeyCancelling.Key(), func(key, _ []byte) bool {
		cancelled = append(cancelled, [32]byte(key[1:]))
		return true
	})
	for _, id := range cancelled {
		w.Delete(cancellingKey(id))
		def, _ := k.Definition(w, id)
		for zone := range uint32(len(def.Zones)) {
			z, _ := k.Zone(w, id, zone)
			if over(z.Phase) {
				continue
			}
			dropDeadlines(w, id, zone, z)
			k.begin(ctx, &z, electionv1.Phase_PHASE_CANCELLED)
			k.put(w, id, zone, z)
		}
	}
}

// hold notes that deadlines of a zone fell into the gap before this block.
func (k *Keeper) hold(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32) {
	z, _ := k.Zone(w, id, zone)
	if !anyHeld(z) {
		z.HeldFromMs = ctx.PreviousTimeMS
	}
	z.HeldToMs = ctx.TimeMS
	z.SuspendedHeight = ctx.Height - 1
	z.Suspended = held(z, election.Next(z.Phase))
	k.put(w, id, zone, z)
}

// advance takes a zone through every deadline that is past, not held and, where
// it opens something, met by what must be ready.
func (k *Keeper) advance(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32) {
	z, _ := k.Zone(w, id, zone)
	for {
		d := election.Next(z.Phase)
		if d == election.DeadlineNone || d.Time(z) > ctx.TimeMS || z.Suspended || !k.opens(ctx, w, id, zone, z) {
			return
		}
		w.Delete(dueKey(d.Time(z), id, zone, d))
		k.begin(ctx, &z, phaseAfter(z.Phase))
		k.put(w, id, zone, z)
	}
}

// opens reports whether the phase after the present one may begin as far as
// other modules are concerned. Nothing opens when the close has passed
// meanwhile: the close must be extended or the election cancelled.
func (k *Keeper) opens(ctx ledger.Context, r ledger.Reader, id [32]byte, zone uint32, z electionv1.ZoneState) bool {
	switch z.Phase {
	case electionv1.Phase_PHASE_ANNOUNCED, electionv1.Phase_PHASE_VOTING:
		return true
	case electionv1.Phase_PHASE_ROLL, electionv1.Phase_PHASE_ISSUING:
		return z.ClosesMs > ctx.TimeMS && k.ready.KeyReady(r, id, zone) && k.ready.RollReady(r, id, zone) &&
			k.ready.IssuersReady(r, id, zone)
	default:
		return false // the ceremony ends itself
	}
}

func phaseAfter(p electionv1.Phase) electionv1.Phase {
	switch p {
	case electionv1.Phase_PHASE_ANNOUNCED:
		return electionv1.Phase_PHASE_CEREMONY
	case electionv1.Phase_PHASE_ROLL:
		return electionv1.Phase_PHASE_ISSUING
	case electionv1.Phase_PHASE_ISSUING:
		return electionv1.Phase_PHASE_VOTING
	case electionv1.Phase_PHASE_VOTING:
		return electionv1.Phase_PHASE_CLOSED
	default:
		panic("election: no deadline ends phase " + election.PhaseName(p))
	}
}

// held reports whether a deadline fell into the gap that is not yet resolved.
func held(z electionv1.ZoneState, d election.Deadline) bool {
	t := d.Time(z)
	return d != election.DeadlineNone && t > z.HeldFromMs && t <= z.HeldToMs
}

// anyHeld reports whether a deadline still to come is held.
func anyHeld(z electionv1.ZoneState) bool {
	return slices.ContainsFunc(pending(z.Phase), func(d election.Deadline) bool { return held(z, d) })
}

// pending lists the deadlines that have not taken effect in a phase.
func pending(p electionv1.Phase) []election.Deadline {
	var out []election.Deadline
	if first := election.Next(p); first != election.DeadlineNone {
		for d := first; d <= election.DeadlineClose; d++ {
			out = append(out, d)
		}
	}
	return out
}

func dropDeadlines(w ledger.Writer, id [32]byte, zone uint32, z electionv1.ZoneState) {
	for _, d := range pending(z.Phase) {
		w.Delete(dueKey(d.Time(z), id, zone, d))
	}
}

func over(p electionv1.Phase) bool {
	return p == electionv1.Phase_PHASE_FINAL || p == electionv1.Phase_PHASE_CANCELLED
}
