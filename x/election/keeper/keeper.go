package keeper

import (
	"encoding/binary"
	"sync"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Readiness says whether what a zone needs to begin is on the ledger.
type Readiness interface {
	KeyReady(r ledger.Reader, id [32]byte, zone uint32) bool
	RollReady(r ledger.Reader, id [32]byte, zone uint32) bool
	IssuersReady(r ledger.Reader, id [32]byte, zone uint32) bool
}

// Keeper is the module's state.
type Keeper struct {
	ready Readiness

	mu sync.Mutex
	// definitions decoded, by id: a definition is a function of its id.
	definitions map[[32]byte]*electionv1.Definition
}

// cachedDefinitions limits the memory of decoded definitions.
const cachedDefinitions = 64

// New makes the keeper. Gates are asked from the first block on, not before.
func New(ready Readiness) *Keeper {
	return &Keeper{ready: ready, definitions: map[[32]byte]*electionv1.Definition{}}
}

// Module is what the application runs.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name:       election.Module,
		Acts:       []ledger.Act{k.createElection(), k.cancelElection(), k.extendClose(), k.resolveSuspension()},
		BeginBlock: k.BeginBlock,
		EndBlock:   k.EndBlock,
		Summary:    k.Summary,
	}
}

// SetPhase begins a phase of a zone; for the modules that know when: the key
// ceremony is over, counting begins, the result stands.
func (k *Keeper) SetPhase(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32, phase electionv1.Phase) {
	z, ok := k.Zone(w, id, zone)
	if !ok || !follows(z.Phase, phase) {
		panic("election: phase " + election.PhaseName(phase) + " does not follow " + election.PhaseName(z.Phase))
	}
	k.begin(ctx, &z, phase)
	k.put(w, id, zone, z)
}

// follows lists the moves that other modules may make.
func follows(from, to electionv1.Phase) bool {
	switch to {
	case electionv1.Phase_PHASE_ROLL:
		return from == electionv1.Phase_PHASE_CEREMONY
	case electionv1.Phase_PHASE_CEREMONY: // the ceremony is held again
		return from == electionv1.Phase_PHASE_ROLL
	case electionv1.Phase_PHASE_COUNTING:
		return from == electionv1.Phase_PHASE_CLOSED
	case electionv1.Phase_PHASE_FINAL:
		return from == electionv1.Phase_PHASE_COUNTING
	default:
		return false
	}
}

// begin enters a phase; the next deadline may already be held.
func (k *Keeper) begin(ctx ledger.Context, z *electionv1.ZoneState, phase electionv1.Phase) {
	z.Phase = phase
	z.SinceHeight = ctx.Height
	if phase == electionv1.Phase_PHASE_CLOSED {
		z.ClosedMs = ctx.TimeMS
	}
	z.Suspended = held(*z, election.Next(phase))
}

func (k *Keeper) put(w ledger.Writer, id [32]byte, zone uint32, z electionv1.ZoneState) {
	k.index(w, id, zone, z.Phase)
	w.Set(zoneKey(id, zone), ledger.MustEncode(&z))
	w.Touch(id)
}

func definitionKey(id [32]byte) []byte { return election.KeyDefinition.Key(id[:]) }
func listKey(id [32]byte) []byte       { return election.KeyList.Key(id[:]) }
func numberKey(n uint32) []byte        { return election.KeyNumber.Key(ledger.U32(n)) }
func cancellingKey(id [32]byte) []byte { return election.KeyCancelling.Key(id[:]) }

func zoneKey(id [32]byte, zone uint32) []byte {
	return election.KeyZone.Key(id[:], ledger.U32(zone))
}

func dueKey(ms int64, id [32]byte, zone uint32, d election.Deadline) []byte {
	return election.KeyDue.Key(ledger.U64(uint64(ms)), id[:], ledger.U32(zone), []byte{byte(d)})
}

// due is a deadline in the index.
type due struct {
	ms   int64
	id   [32]byte
	zone uint32
}

// NextDue is the first deadline of all zones at or after an instant, in Unix
// milliseconds; false if there is none.
func (k *Keeper) NextDue(r ledger.Reader, fromMS int64) (ms int64, ok bool) {
	r.IterateFrom(election.KeyDue.Key(), election.KeyDue.Key(ledger.U64(uint64(fromMS))), func(key, _ []byte) bool {
		ms, ok = parseDue(key).ms, true
		return false
	})
	return ms, ok
}

func parseDue(key []byte) due {
	return due{
		ms:   int64(binary.BigEndian.Uint64(key[1:9])),
		id:   [32]byte(key[9:41]),
		zone: binary.BigEndian.Uint32(key[41:45]),
	}
}
