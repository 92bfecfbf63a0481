package verify

import (
	"bytes"
	"fmt"
	"slices"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// keyMaking is a zone's ceremony: the state that the summary has, and what the
// attempt at hand has published.
type keyMaking struct {
	zone *zone
	st   *ceremonyv1.State
	// transcript: hashes of the attempt's transactions that the transcript covers.
	transcript  [][32]byte
	commitments map[uint32][]byte
	nonces      map[[2]uint32][]byte // by sender and receiver
	candidate   *ceremonyv1.ElectionKey
	// restart was decided in the block at hand.
	restart bool
}

func init() {
	for _, k := range ceremony.Kinds {
		rules[uint32(k.Number)] = &rule{
			name: k.Name, signed: true, maxBytes: k.MaxBytes, check: checkCeremony,
			decode:   k.Decode,
			validate: func(tx *ledger.Tx) error { return ceremony.Validate(ledger.Context{}, tx) },
			precheck: precheckStep,
			execute:  executeStep,
		}
	}
	rules[uint32(txv1.Kind_KIND_EVIDENCE)] = &rule{
		name: "evidence", maxBytes: ceremony.MaxEvidenceBytes, check: checkCeremony,
		decode:   ceremony.DecodeEvidence,
		validate: func(*ledger.Tx) error { return nil }, // it needs the chain id: see precheckEvidence
		precheck: precheckEvidence,
		execute:  executeEvidence,
	}
	acts[uint32(commissionv1.Action_ACTION_RESTART_CEREMONY)] = &actRule{
		name: "restart-ceremony", decode: ceremony.DecodeRestart,
		validate: func(a any) error { return ceremony.ValidateRestart(ledger.Context{}, a) },
		precheck: precheckRestart,
		execute: func(v *verifier, _ ledger.Context, act any) error {
			m := act.(*ceremonyv1.RestartCeremony)
			v.byID[[32]byte(m.ElectionId)].zones[m.Zone].ceremony.restart = true
			return nil
		},
	}
}

func precheckRestart(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*ceremonyv1.RestartCeremony)
	z, err := v.findZone(ceremony.Codespace, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if p := z.state.Phase; (p != electionv1.Phase_PHASE_CEREMONY && p != electionv1.Phase_PHASE_ROLL) || z.ceremony == nil {
		return nil, breaks("ceremony/no-ceremony-now", "zone", "zone %d is %s", m.Zone, election.PhaseName(p))
	}
	return []string{fmt.Sprintf("ceremony:%x/%d", z.election.id, z.index)}, nil
}

// ceremonyBegin begins ceremonies and ends windows whose time is over; one that
// ended in a gap of block time is suspended.
func (v *verifier) ceremonyBegin(ctx ledger.Context) {
	v.each(electionv1.Phase_PHASE_CEREMONY, func(z *zone) {
		c := z.ceremony
		if c == nil {
			z.ceremony = &keyMaking{zone: z, st: &ceremonyv1.State{}}
			z.ceremony.again(ctx)
			return
		}
		ms, blocks := election.CeremonyWindow(z.election.def)
		if !c.open() || ctx.TimeMS < c.st.OpenedMs+ms || ctx.Height < c.st.OpenedHeight+blocks {
			return
		}
		if ctx.Gap() {
			c.st.Suspended = true
			return
		}
		v.closeWindow(ctx, c)
		v.settle(ctx, c)
	})
}

// ceremonyEnd begins the attempts decided in the block and ends windows in
// which nobody is left to act.
func (v *verifier) ceremonyEnd(ctx ledger.Context) {
	for _, e := range v.ordered {
		for _, z := range e.zones {
			if z.ceremony == nil || !z.ceremony.restart {
				continue
			}
			z.ceremony.restart = false
			switch z.state.Phase {
			case electionv1.Phase_PHASE_ROLL:
				z.key = nil
				clear(e.forms)
				v.enter(ctx, z, electionv1.Phase_PHASE_CEREMONY)
			case electionv1.Phase_PHASE_CEREMONY:
			default:
				continue
			}
			z.ceremony.again(ctx)
		}
	}
	v.each(electionv1.Phase_PHASE_CEREMONY, func(z *zone) {
		if z.ceremony != nil {
			v.settle(ctx, z.ceremony)
		}
	})
}

// again begins the next attempt; nothing of the one before remains.
func (c *keyMaking) again(ctx ledger.Context) {
	c.st = &ceremonyv1.State{
		Attempt: c.st.Attempt + 1, Window: ceremonyv1.Window_WINDOW_REGISTER,
		OpenedMs: ctx.TimeMS, OpenedHeight: ctx.Height,
	}
	c.transcript, c.candidate = nil, nil
	c.commitments, c.nonces = map[uint32][]byte{}, map[[2]uint32][]byte{}
}

// settle ends windows while nobody is left to act.
func (v *verifier) settle(ctx ledger.Context, c *keyMaking) {
	for c.open() && !c.starved() && c.idle() {
		v.closeWindow(ctx, c)
	}
}

// closeWindow ends a window and does what the next one begins with.
func (v *verifier) closeWindow(ctx ledger.Context, c *keyMaking) {
	was := c.st.Window
	c.endWindow()
	c.st.OpenedMs, c.st.OpenedHeight = ctx.TimeMS, ctx.Height
	if was == ceremonyv1.Window_WINDOW_REGISTER && c.st.Window != ceremonyv1.Window_WINDOW_FAILED {
		hash := ceremony.TrusteeListHash(ctx.ChainID, c.where(), c.st.Participants)
		c.st.TrusteeListHash = hash[:]
	}
	switch c.st.Window {
	case ceremonyv1.Window_WINDOW_CONFIRM:
		c.combine(ctx)
	case ceremonyv1.Window_WINDOW_DONE:
		key := &ceremonyv1.ElectionKey{
			Mode: c.candidate.Mode, Attempt: c.candidate.Attempt, Slots: c.candidate.Slots,
			Participants: c.candidate.Participants, TranscriptHash: c.candidate.TranscriptHash,
		}
		for i, p := range c.st.Participants {
			verification := c.candidate.Verification[i]
			if p.Out != "" {
				verification = []byte{}
			}
			key.Verification = append(key.Verification, verification)
		}
		c.zone.key = key
		v.enter(ctx, c.zone, electionv1.Phase_PHASE_ROLL)
	}
}

// combine computes the key from the deals of those who are not out.
func (c *keyMaking) combine(ctx ledger.Context) {
	c.st.Qualified = nil
	var commitments [][]byte
	for i, p := range c.st.Participants {
		if p.Out == "" {
			c.st.Qualified = append(c.st.Qualified, uint32(i+1))
			commitments = append(commitments, c.commitments[uint32(i+1)])
		}
	}
	params := ceremony.Params(ctx.ChainID, c.zone.election.def, c.where(), c.st.Participants)
	key, err := ceremony.CombineKey(params, c.st.Participants, c.st.Qualified, commitments)
	if err != nil {
		c.st.Failure = "confirm: the qualified deals make no key"
		c.st.Window = ceremonyv1.Window_WINDOW_FAILED
		return
	}
	hash := ceremony.TranscriptHash(ctx.ChainID, c.where(), params.TrusteeListHash, c.transcript, c.st.Qualified, key)
	key.TranscriptHash, c.st.TranscriptHash = hash[:], hash[:]
	c.candidate = key
}

func (c *keyMaking) where() ceremony.Where {
	return ceremony.Where{Election: c.zone.election.id, Zone: c.zone.index, Attempt: c.st.Attempt}
}

// running finds a ceremony in whose window a kind of message counts.
func (v *verifier) running(w ceremony.Where, kind uint32) (*keyMaking, error) {
	z, err := v.findZone(ceremony.Codespace, w.Election[:], w.Zone)
	if err != nil {
		return nil, err
	}
	c := z.ceremony
	switch {
	case z.state.Phase != electionv1.Phase_PHASE_CEREMONY || c == nil:
		return nil, breaks("ceremony/no-ceremony-now", "where.zone", "zone %d is %s", w.Zone, election.PhaseName(z.state.Phase))
	case c.st.Attempt != w.Attempt:
		return nil, breaks("ceremony/wrong-attempt", "where.attempt", "%d, at hand is %d", w.Attempt, c.st.Attempt)
	case c.st.Suspended:
		return nil, breaks("ceremony/suspended", "where", "suspended after a gap of block time")
	case !c.accepts(kind):
		return nil, breaks("ceremony/wrong-window", "where", "in %s this does not count", c.st.Window)
	}
	return c, nil
}

// executeEvidence puts the accused out.
func executeEvidence(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	a := tx.Message.(*ceremony.Accusation)
	c, _, index, err := v.accused(ctx, a)
	if err != nil {
		return err
	}
	c.st.Participants[index-1].Out = ceremony.OutEvidence
	c.keep(tx)
	return nil
}

// precheckEvidence: a participant signed something that is wrong by itself.
func precheckEvidence(v *verifier, c *chance, tx *ledger.Tx) error {
	a := tx.Message.(*ceremony.Accusation)
	if err := ceremony.ValidateEvidence(c.ctx, tx); err != nil {
		return refused(err)
	}
	k, accused, index, err := v.accused(c.ctx, a)
	if err != nil {
		return err
	}
	params := ceremony.Params(c.ctx.ChainID, k.zone.election.def, k.where(), k.st.Participants)
	fault, ok := accused.Fault(params, index)
	if !ok {
		return breaks("ceremony/evidence-of-nothing", "tx", "nothing is wrong with the message by itself")
	}
	c.claim(fmt.Sprintf("evidence:%s/%d", k.where(), index))
	c.state(checkCeremony, "ceremony/evidence-not-signed", "tx.signature", accused.Signed)
	if fault != nil {
		c.state(checkCeremony, "ceremony/evidence-of-nothing", "tx", fault)
	}
	return nil
}

func (v *verifier) accused(ctx ledger.Context, a *ceremony.Accusation) (*keyMaking, *ceremony.Accused, uint32, error) {
	c, err := v.running(a.Where, uint32(txv1.Kind_KIND_EVIDENCE))
	if err != nil {
		return nil, nil, 0, err
	}
	accused, err := a.Open(ctx.ChainID)
	if err != nil {
		return nil, nil, 0, refused(err)
	}
	if list := listOf(accused.Step.Message); len(list) == 32 && !bytes.Equal(list, c.st.TrusteeListHash) {
		return nil, nil, 0, breaks("ceremony/evidence-of-nothing", "tx.trustee_list_hash", "made for another list of trustees")
	}
	index := ceremony.Index(c.st.Participants, accused.Signer)
	if index == 0 || c.st.Participants[index-1].Out != "" {
		return nil, nil, 0, breaks("ceremony/not-a-trustee", "tx.signer", "is no participant of this attempt, or out")
	}
	return c, accused, index, nil
}

// keep counts an accepted transaction of the attempt.
func (c *keyMaking) keep(tx *ledger.Tx) {
	if ceremony.InTranscript(tx.Kind) {
		c.transcript = append(c.transcript, tx.Hash)
	}
	c.st.Transactions++
}

func (v *verifier) ceremonyObjects(z *zone, add func(name string, b []byte)) {
	if z.ceremony != nil {
		add(fmt.Sprintf("ceremony/%d", z.index), ledger.MustEncode(z.ceremony.st))
	}
	if z.key != nil {
		add(fmt.Sprintf("key/%d", z.index), ledger.MustEncode(z.key))
	}
}

// participant finds another trustee who is not out.
func (s *step) participant(field string, index uint32) error {
	if index == s.me || index < 1 || int64(index) > int64(len(s.st.Participants)) || s.st.Participants[index-1].Out != "" {
		return breaks("ceremony/no-such-dealer", field, "%d is the signer itself, out, or none of this attempt", index)
	}
	return nil
}

func sameIndices(field string, got, want []uint32) error {
	if !slices.Equal(got, want) {
		return breaks("ceremony/wrong-receivers", field, "%v, awaited are %v", got, want)
	}
	return nil
}
