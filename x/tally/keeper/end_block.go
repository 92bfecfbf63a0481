package keeper

import (
	"bytes"
	"encoding/binary"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// EndBlock freezes the sums of closed zones, fixes whose shares count, draws up protocols whose parts are
// complete, and ends zones whose protocol was approved in this block. All of it
// happens here so that every transaction of the block meets one state.
func (k *Keeper) EndBlock(ctx ledger.Context, w ledger.Writer) {
	k.elections.EachIn(w, electionv1.Phase_PHASE_CLOSED, func(id [32]byte, zone uint32) { k.freeze(ctx, w, id, zone) })
	k.elections.EachIn(w, electionv1.Phase_PHASE_COUNTING, func(id [32]byte, zone uint32) {
		k.fixTrustees(ctx, w, id, zone)
		k.drawUp(ctx, w, id, zone)
	})
	k.finish(ctx, w)
}

// freeze fixes what will be decrypted, unless a small count waits for consent.
func (k *Keeper) freeze(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32) {
	consent := w.Get(tally.ConsentKey(id, zone)) != nil
	if _, waiting := k.Units(w, id, zone); waiting && !consent {
		return
	}
	def, _ := k.elections.Definition(w, id)
	units, err := tally.BuildUnits(def, zone, consent, func(group, contest uint32) *ballotv1.Sum {
		sum, _ := k.ballots.Sum(w, id, group, contest)
		return sum
	})
	if err != nil {
		panic("tally: stored sums do not add up: " + err.Error())
	}
	w.Set(tally.UnitsKey(id, zone), ledger.MustEncode(units))
	w.Touch(id)
	if units.WaitingConsent {
		return
	}
	k.elections.SetPhase(ctx, w, id, zone, electionv1.Phase_PHASE_COUNTING)
	if tally.Empty(units) {
		w.Set(tally.ResultKey(id, zone), ledger.MustEncode(noVotes(def, id, zone, units)))
	}
}

// fixTrustees fixes whose shares make the result, once there are enough: then
// there is one opening of the sums and one right result.
func (k *Keeper) fixTrustees(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32) {
	def, _ := k.elections.Definition(w, id)
	c := k.Trustees(w, id, zone)
	if c.Fixed || len(c.Trustees) < int(def.Threshold) {
		return
	}
	c.Trustees, c.Fixed = c.Trustees[:def.Threshold], true
	units, _ := k.Units(w, id, zone)
	hash := tally.OpeningHash(ctx.ChainID, id, zone, units, c.Trustees, k.sharesOf(w, id, zone, c.Trustees))
	c.Opening = hash[:]
	w.Set(tally.TrusteesKey(id, zone), ledger.MustEncode(c))
	w.Touch(id)
}

// noVotes is the result of a zone in which no ballot was accepted.
func noVotes(def *electionv1.Definition, id [32]byte, zone uint32, units *tallyv1.Units) *tallyv1.Result {
	result := &tallyv1.Result{ElectionId: id[:], Zone: zone}
	for _, u := range units.Units {
		result.Units = append(result.Units, &tallyv1.UnitCounts{Counts: make([]uint64, len(def.Contests[u.Contest].Options))})
	}
	return result
}

// drawUp makes the protocol of results once the result stands and the list of
// counted ballots is complete.
func (k *Keeper) drawUp(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32) {
	if w.Get(tally.ProtocolKey(id, zone)) != nil {
		return
	}
	result, ok := k.Result(w, id, zone)
	if !ok {
		return
	}
	counted, ok := k.ballots.Counted(w, id, zone)
	if !ok {
		return
	}
	def, _ := k.elections.Definition(w, id)
	z, _ := k.elections.Zone(w, id, zone)
	key, ok := k.keys.Key(w, id, zone)
	if !ok {
		panic("tally: a counted zone has no key")
	}
	units, _ := k.Units(w, id, zone)
	p := &tallyv1.Protocol{
		ElectionId:  id[:],
		Zone:        zone,
		Contests:    tally.ProtocolContests(units, result),
		GapHeight:   z.SuspendedHeight,
		ClosedMs:    z.ClosedMs,
		CountedRoot: counted.Root,
		KeyMode:     []byte(key.Mode),
		ChainId:     ctx.ChainID,
	}
	for _, style := range election.ZoneStyles(def, zone) {
		p.Roll += k.roll.Size(w, id, style)
		p.Removed += k.roll.RemovedCount(w, id, style)
	}
	for _, class := range election.ZoneClasses(def, zone) {
		counts := k.ballots.Counts(w, id, class)
		p.Issued += k.issuance.IssuedCount(w, id, class)
		p.Accepted += counts.Accepted
		p.Recasts += counts.Recasts
	}
	if p.Accepted > p.Issued || counted.Size_ != p.Accepted {
		panic("tally: the ledger accepted more ballots than it issued tokens, or lists other ballots than it accepted")
	}
	p.IssuedNotCast = p.Issued - p.Accepted
	w.Set(tally.ProtocolKey(id, zone), ledger.MustEncode(p))
	w.Touch(id)
}

// finish ends the zones whose protocol was approved in this block, but for one
// that was cancelled beside it.
func (k *Keeper) finish(ctx ledger.Context, w ledger.Writer) {
	prefix := tally.ApprovedPrefix()
	var marks [][]byte
	w.Iterate(prefix, func(key, _ []byte) bool {
		marks = append(marks, bytes.Clone(key))
		return true
	})
	for _, mark := range marks {
		w.Delete(mark)
		id, zone := [32]byte(mark[len(prefix):]), binary.BigEndian.Uint32(mark[len(prefix)+32:])
		if z, _ := k.elections.Zone(w, id, zone); z.Phase == electionv1.Phase_PHASE_COUNTING {
			k.elections.SetPhase(ctx, w, id, zone, electionv1.Phase_PHASE_FINAL)
			w.Touch(id)
		}
	}
}
