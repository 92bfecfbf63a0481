package verify

import (
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

func init() {
	acts[uint32(commissionv1.Action_ACTION_CREATE_ELECTION)] = &actRule{
		name:     "create-election",
		decode:   func(b []byte) (any, error) { return election.DecodeCreateElection(b) },
		validate: func(a any) error { return election.ValidateCreateElection(a.(*electionv1.CreateElection)) },
		precheck: precheckCreate,
		execute:  executeCreate,
	}
	acts[uint32(commissionv1.Action_ACTION_CANCEL_ELECTION)] = &actRule{
		name:     "cancel-election",
		decode:   func(b []byte) (any, error) { return election.DecodeCancelElection(b) },
		validate: func(a any) error { return election.ValidateCancelElection(a.(*electionv1.CancelElection)) },
		precheck: precheckCancel,
		execute:  executeCancel,
	}
	acts[uint32(commissionv1.Action_ACTION_EXTEND_CLOSE)] = &actRule{
		name:     "extend-close",
		decode:   func(b []byte) (any, error) { return election.DecodeExtendClose(b) },
		validate: func(a any) error { return election.ValidateExtendClose(a.(*electionv1.ExtendClose)) },
		precheck: precheckExtend,
		execute:  executeExtend,
	}
	acts[uint32(commissionv1.Action_ACTION_RESOLVE_SUSPENSION)] = &actRule{
		name:     "resolve-suspension",
		decode:   func(b []byte) (any, error) { return election.DecodeResolveSuspension(b) },
		validate: func(a any) error { return election.ValidateResolveSuspension(a.(*electionv1.ResolveSuspension)) },
		precheck: precheckResolve,
		execute:  executeResolve,
	}
}

// precheckCreate: the election is new and its ceremonies lie ahead.
func precheckCreate(v *verifier, ctx ledger.Context, act any) ([]string, error) {
	def := act.(*electionv1.CreateElection).Definition
	id := election.DefinitionID(ctx.ChainID, def)
	if v.byID[id] != nil {
		return nil, breaks("election/election-exists", "definition", "%x is on the chain", id)
	}
	for i, z := range def.Zones {
		if z.CeremonyOpensMs <= ctx.TimeMS {
			return nil, breaks("election/timetable", "definition.zones", "zone %d: the ceremony opens at %d, block time is %d", i, z.CeremonyOpensMs, ctx.TimeMS)
		}
	}
	return []string{election.Claim(id)}, nil
}

func executeCreate(v *verifier, ctx ledger.Context, act any) error {
	def := act.(*electionv1.CreateElection).Definition
	e := newElect(election.DefinitionID(ctx.ChainID, def), def, ctx.Height)
	for i, z := range def.Zones {
		e.zones = append(e.zones, &zone{election: e, index: uint32(i), state: election.Announce(z, ctx.Height)})
	}
	v.put(e)
	return nil
}

// precheckCancel: a zone still runs.
func precheckCancel(v *verifier, _ ledger.Context, act any) ([]string, error) {
	e, err := v.find(election.Module, act.(*electionv1.CancelElection).ElectionId)
	if err != nil {
		return nil, err
	}
	claims, running := []string{election.Claim(e.id)}, false
	for _, z := range e.zones {
		running = running || !z.over()
		claims = append(claims, election.ZoneClaim(e.id, z.index))
	}
	if !running {
		return nil, breaks("election/wrong-phase", "election_id", "every zone is final or cancelled")
	}
	return claims, nil
}

func executeCancel(v *verifier, _ ledger.Context, act any) error {
	m := act.(*electionv1.CancelElection)
	e := v.byID[[32]byte(m.ElectionId)]
	for _, z := range e.zones {
		if !z.over() {
			z.state.CancelReason = m.Reason
		}
	}
	e.cancelling = true
	return nil
}

// endCancelled ends the zones of elections cancelled in the block.
func (v *verifier) endCancelled(ctx ledger.Context) {
	for _, e := range v.ordered {
		if !e.cancelling {
			continue
		}
		e.cancelling = false
		for _, z := range e.zones {
			if !z.over() {
				v.enter(ctx, z, electionv1.Phase_PHASE_CANCELLED)
			}
		}
	}
}

// precheckExtend: the close is ahead, the zone is not suspended at it, and it
// moves later by at most a day.
func precheckExtend(v *verifier, ctx ledger.Context, act any) ([]string, error) {
	m := act.(*electionv1.ExtendClose)
	z, err := v.findZone(election.Module, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	switch {
	case !election.BeforeClose(z.state):
		return nil, breaks("election/wrong-phase", "zone", "zone %d is %s", m.Zone, election.PhaseName(z.state.Phase))
	case z.state.Suspended && election.Next(z.state.Phase) == election.DeadlineClose:
		return nil, breaks("election/suspended", "zone", "the close of zone %d fell into a gap of block time", m.Zone)
	case m.ClosesMs <= ctx.TimeMS || m.ClosesMs <= z.state.ClosesMs:
		return nil, breaks("election/timetable", "closes_ms", "%d is not after the close %d and block time %d", m.ClosesMs, z.state.ClosesMs, ctx.TimeMS)
	case m.ClosesMs > z.latestClose():
		return nil, breaks("election/timetable", "closes_ms", "%d is more than a day after the defined close", m.ClosesMs)
	}
	return []string{election.ZoneClaim(z.election.id, m.Zone)}, nil
}

func executeExtend(v *verifier, _ ledger.Context, act any) error {
	m := act.(*electionv1.ExtendClose)
	v.byID[[32]byte(m.ElectionId)].zones[m.Zone].state.ClosesMs = m.ClosesMs
	return nil
}

// precheckResolve: the zone is suspended, and the deadline moves to between now
// and the next one.
func precheckResolve(v *verifier, ctx ledger.Context, act any) ([]string, error) {
	m := act.(*electionv1.ResolveSuspension)
	z, err := v.findZone(election.Module, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if !z.state.Suspended {
		return nil, breaks("election/not-suspended", "zone", "zone %d is not suspended", m.Zone)
	}
	if m.MoveToMs != 0 {
		limit := z.latestClose() + 1
		if d := election.Next(z.state.Phase); d != election.DeadlineClose {
			limit = (d + 1).Time(z.state)
		}
		if m.MoveToMs <= ctx.TimeMS || m.MoveToMs >= limit {
			return nil, breaks("election/timetable", "move_to_ms", "%d is not after block time %d and before %d", m.MoveToMs, ctx.TimeMS, limit)
		}
	}
	return []string{election.ZoneClaim(z.election.id, m.Zone)}, nil
}

func executeResolve(v *verifier, ctx ledger.Context, act any) error {
	m := act.(*electionv1.ResolveSuspension)
	z := v.byID[[32]byte(m.ElectionId)].zones[m.Zone]
	to := m.MoveToMs
	if to == 0 {
		to = ctx.TimeMS + 1 // the next block
	}
	z.state.HeldToMs = ctx.TimeMS
	election.Next(z.state.Phase).Move(&z.state, to)
	z.state.Suspended = false
	return nil
}

// deadlines lets those take effect that are due; one that fell into a gap of
// block time is held until the quorum decides.
func (v *verifier) deadlines(ctx ledger.Context) {
	for _, e := range v.ordered {
		for _, z := range e.zones {
			first := election.Next(z.state.Phase)
			if first == election.DeadlineNone {
				continue
			}
			v.found.count(checkDeadlines, 1)
			due := false
			for d := first; d <= election.DeadlineClose; d++ {
				t := d.Time(z.state)
				due = due || t <= ctx.TimeMS
				if ctx.Gap() && t <= ctx.TimeMS && t > ctx.PreviousTimeMS {
					z.hold(ctx)
				}
			}
			if due {
				v.advance(ctx, z)
			}
		}
	}
}

// hold notes that deadlines fell into the gap before this block.
func (z *zone) hold(ctx ledger.Context) {
	s := &z.state
	earlier := false
	if first := election.Next(s.Phase); first != election.DeadlineNone {
		for d := first; d <= election.DeadlineClose; d++ {
			earlier = earlier || z.held(d)
		}
	}
	if !earlier {
		s.HeldFromMs = ctx.PreviousTimeMS
	}
	s.HeldToMs = ctx.TimeMS
	s.SuspendedHeight = ctx.Height - 1
	s.Suspended = z.held(election.Next(s.Phase))
}

// held reports whether a deadline lies in a gap that nobody has resolved.
func (z *zone) held(d election.Deadline) bool {
	t := d.Time(z.state)
	return d != election.DeadlineNone && t > z.state.HeldFromMs && t <= z.state.HeldToMs
}

// advance takes a zone through all deadlines that are past and not held.
func (v *verifier) advance(ctx ledger.Context, z *zone) {
	for !z.state.Suspended {
		d := election.Next(z.state.Phase)
		if d == election.DeadlineNone || d.Time(z.state) > ctx.TimeMS {
			return
		}
		switch z.state.Phase {
		case electionv1.Phase_PHASE_ANNOUNCED:
			v.enter(ctx, z, electionv1.Phase_PHASE_CEREMONY)
		case electionv1.Phase_PHASE_VOTING:
			v.enter(ctx, z, electionv1.Phase_PHASE_CLOSED)
		case electionv1.Phase_PHASE_ROLL, electionv1.Phase_PHASE_ISSUING:
			if z.state.ClosesMs <= ctx.TimeMS || !z.ready() {
				return
			}
			v.enter(ctx, z, z.state.Phase+1)
		default:
			return // a ceremony ends itself
		}
	}
}

// ready reports whether key, roll and issuers' keys are on the ledger.
func (z *zone) ready() bool { return z.key != nil && z.rollReady() && z.issuersReady() }

// enter begins a phase; its deadline may already be held.
func (v *verifier) enter(ctx ledger.Context, z *zone, phase electionv1.Phase) {
	z.state.Phase = phase
	z.state.SinceHeight = ctx.Height
	if phase == electionv1.Phase_PHASE_CLOSED {
		z.state.ClosedMs = ctx.TimeMS
	}
	z.state.Suspended = z.held(election.Next(phase))
}

func (z *zone) over() bool {
	return z.state.Phase == electionv1.Phase_PHASE_FINAL || z.state.Phase == electionv1.Phase_PHASE_CANCELLED
}

func (z *zone) latestClose() int64 {
	return z.election.def.Zones[z.index].ClosesMs + election.MaxExtensionMS
}
