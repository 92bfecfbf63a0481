package verify

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/urna-vote/urna/crypto/group"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

func init() {
	rules[uint32(txv1.Kind_KIND_DECRYPTION_SHARE)] = &rule{
		name: "decryption-share", signed: true, maxBytes: tally.MaxBytes, check: checkShares,
		decode:   tally.DecodeShare,
		validate: func(tx *ledger.Tx) error { return tally.ValidateShare(ledger.Context{}, tx) },
		precheck: precheckShare,
		execute:  executeShare,
	}
	rules[uint32(txv1.Kind_KIND_RESULT)] = &rule{
		name: "result", maxBytes: tally.MaxBytes, check: checkResults,
		decode:   tally.DecodeResult,
		validate: func(tx *ledger.Tx) error { return tally.ValidateResult(ledger.Context{}, tx) },
		precheck: precheckResult,
		execute:  executeResult,
	}
	acts[uint32(commissionv1.Action_ACTION_APPROVE_PROTOCOL)] = &actRule{
		name: "approve-protocol", decode: tally.DecodeApproveProtocol,
		validate: func(a any) error { return tally.ValidateApproveProtocol(ledger.Context{}, a) },
		precheck: precheckProtocol,
		execute: func(v *verifier, _ ledger.Context, act any) error {
			m := act.(*tallyv1.ApproveProtocol)
			v.byID[[32]byte(m.ElectionId)].zones[m.Zone].approved = true
			return nil
		},
	}
	acts[uint32(commissionv1.Action_ACTION_CONSENT_SMALL_COUNT)] = &actRule{
		name: "consent-small-count", decode: tally.DecodeConsentSmallCount,
		validate: func(a any) error { return tally.ValidateConsentSmallCount(ledger.Context{}, a) },
		precheck: precheckConsent,
		execute: func(v *verifier, _ ledger.Context, act any) error {
			m := act.(*tallyv1.ConsentSmallCount)
			v.byID[[32]byte(m.ElectionId)].zones[m.Zone].consent = true
			return nil
		},
	}
}

// counting finds a zone that is being counted.
func (v *verifier) counting(id []byte, index uint32) (*zone, error) {
	z, err := v.findZone(tally.Codespace, id, index)
	if err != nil {
		return nil, err
	}
	if z.state.Phase != electionv1.Phase_PHASE_COUNTING {
		return nil, breaks("tally/not-counting", "zone", "zone %d is %s", index, election.PhaseName(z.state.Phase))
	}
	return z, nil
}

// precheckShare: a holder of the key gives its share, once, of every unit that
// has ballots and of no other.
func precheckShare(v *verifier, c *chance, tx *ledger.Tx) error {
	s := tx.Message.(*tally.Share)
	z, err := v.counting(s.Message.ElectionId, s.Message.Zone)
	if err != nil {
		return err
	}
	trustee := holder(z.key, tx.Signer)
	switch {
	case trustee == 0:
		return breaks("tally/not-a-trustee", "signer", "%x holds no share of the key", tx.Signer)
	case z.shares[trustee] != nil:
		return breaks("tally/share-exists", "signer", "trustee %d has given its share", trustee)
	case len(s.Partials) != len(z.units.Units):
		return breaks("tally/wrong-units", "partials", "%d, the zone has %d units", len(s.Partials), len(z.units.Units))
	}
	c.claim(fmt.Sprintf("share:%x/%d/%d", z.election.id, z.index, trustee))
	for i, unit := range z.units.Units {
		what := fmt.Sprintf("partials[%d] of trustee %d", i, trustee)
		if (s.Partials[i] != nil) != (unit.Ballots > 0) {
			return breaks("tally/wrong-units", what, "contest %d has %d ballots; given: %v", unit.Contest, unit.Ballots, s.Partials[i] != nil)
		}
		if s.Partials[i] == nil {
			continue
		}
		st, err := tally.ShareStatement(c.ctx.ChainID, z.election.id, z.election.def, z.index, z.key, unit, trustee, s.Partials[i].Points)
		if err != nil {
			return breaks("tally/bad-share", what, "%v", err)
		}
		c.state(checkShares, "tally/bad-share", what, tally.NewShareFact(st, s.Partials[i].Proof))
	}
	return nil
}

func executeShare(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*tally.Share).Message
	z := v.byID[[32]byte(m.ElectionId)].zones[m.Zone]
	if z.shares == nil {
		z.shares = map[uint32]*tallyv1.DecryptionShare{}
	}
	z.shares[holder(z.key, tx.Signer)] = m
	if z.counting == nil || !z.counting.Fixed {
		z.counting = &tallyv1.CountingTrustees{Trustees: slices.Sorted(maps.Keys(z.shares))}
	}
	return nil
}

// holder is the index, from 1, of a participant with a share of the key; 0 if
// it has none.
func holder(key *ceremonyv1.ElectionKey, signer []byte) uint32 {
	for i, p := range key.Participants {
		if bytes.Equal(p, signer) && len(key.Verification[i]) > 0 {
			return uint32(i + 1)
		}
	}
	return 0
}

// precheckResult: the counts are what the shares that count decrypt the sums
// to, and within what the rules allow so many ballots.
func precheckResult(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*tally.Counts).Message
	z, err := v.counting(m.ElectionId, m.Zone)
	if err != nil {
		return err
	}
	switch {
	case z.result != nil:
		return breaks("tally/result-exists", "zone", "zone %d has its result", m.Zone)
	case z.counting == nil || !z.counting.Fixed:
		return breaks("tally/share-missing", "trustees", "%d shares, the key needs %d", len(z.shares), z.election.def.Threshold)
	case !slices.Equal(m.Trustees, z.counting.Trustees):
		return breaks("tally/wrong-trustees", "trustees", "%v, the record leads to %v", m.Trustees, z.counting.Trustees)
	case len(m.Units) != len(z.units.Units):
		return breaks("tally/wrong-units", "units", "%d, the zone has %d", len(m.Units), len(z.units.Units))
	}
	f := &openingFact{result: m, units: z.units}
	for _, j := range m.Trustees {
		f.shares = append(f.shares, z.shares[j])
	}
	for i, u := range z.units.Units {
		if err := tally.CheckBounds(z.election.def.Contests[u.Contest], u, m.Units[i].Counts); err != nil {
			return breaks("tally/counts-out-of-bounds", fmt.Sprintf("units[%d]", i), "%v", err)
		}
	}
	c.claim(fmt.Sprintf("result:%x/%d", z.election.id, z.index))
	c.state(checkResults, "tally/bad-result", "units", f)
	return nil
}

func executeResult(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*tally.Counts).Message
	v.byID[[32]byte(m.ElectionId)].zones[m.Zone].result = m
	return nil
}

// openingFact states that shares open the sums to counts. Unlike the ledger,
// which weighs all of them in one equation, it compares count by count.
type openingFact struct {
	result *tallyv1.Result
	units  *tallyv1.Units
	shares []*tallyv1.DecryptionShare
}

// Verify opens the sums.
func (f *openingFact) Verify() error {
	for u, unit := range f.units.Units {
		if unit.Ballots == 0 {
			for i, n := range f.result.Units[u].Counts {
				if n != 0 {
					return fmt.Errorf("unit %d without ballots gives option %d %d", u, i+1, n)
				}
			}
			continue
		}
		partials := make([]*tally.Partial, len(f.shares))
		for j, s := range f.shares {
			p, err := tally.DecodePartial(s.Partials[u])
			if err != nil {
				return fmt.Errorf("unit %d, trustee %d: %w", u, f.result.Trustees[j], err)
			}
			partials[j] = p
		}
		messages, err := tally.Open(unit, f.result.Trustees, partials)
		if err != nil {
			return fmt.Errorf("unit %d: %w", u, err)
		}
		for i, m := range messages {
			n := f.result.Units[u].Counts[i]
			if !group.Basepoint().Mul(group.ScalarFromUint64(n)).Equal(m) {
				return fmt.Errorf("unit %d (contest %d): option %d is not %d", u, unit.Contest, i+1, n)
			}
		}
	}
	return nil
}

// precheckProtocol: the protocol stands and is the one named.
func precheckProtocol(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*tallyv1.ApproveProtocol)
	z, err := v.counting(m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if z.protocol == nil {
		return nil, breaks("tally/no-protocol", "zone", "zone %d has none yet", m.Zone)
	}
	if hash := tally.ProtocolHash(z.protocol); !bytes.Equal(hash[:], m.ProtocolHash) {
		return nil, breaks("tally/other-protocol", "protocol_hash", "%x, the record leads to %x", m.ProtocolHash, hash)
	}
	return []string{fmt.Sprintf("protocol:%x/%d", z.election.id, z.index)}, nil
}

// precheckConsent: the zone waits for consent to a small count.
func precheckConsent(v *verifier, _ ledger.Context, act any) ([]string, error) {
	m := act.(*tallyv1.ConsentSmallCount)
	z, err := v.findZone(tally.Codespace, m.ElectionId, m.Zone)
	if err != nil {
		return nil, err
	}
	if z.state.Phase != electionv1.Phase_PHASE_CLOSED || z.units == nil || !z.units.WaitingConsent {
		return nil, breaks("tally/consent-not-needed", "zone", "zone %d does not wait", m.Zone)
	}
	return []string{fmt.Sprintf("consent:%x/%d", z.election.id, z.index)}, nil
}

// countZones freezes the sums of closed zones, draws up protocols whose parts
// are complete, and ends zones whose protocol was approved.
func (v *verifier) countZones(ctx ledger.Context) {
	v.each(electionv1.Phase_PHASE_CLOSED, func(z *zone) { v.freeze(ctx, z) })
	v.each(electionv1.Phase_PHASE_COUNTING, func(z *zone) {
		z.fixTrustees(ctx)
		v.drawUp(ctx, z)
		if z.approved {
			z.approved = false
			v.enter(ctx, z, electionv1.Phase_PHASE_FINAL)
		}
	})
}

// fixTrustees fixes the t lowest of those who gave a share, at the end of the
// block in which there are so many: their shares, and no others, make the result.
func (z *zone) fixTrustees(ctx ledger.Context) {
	c, t := z.counting, int(z.election.def.Threshold)
	if c == nil || c.Fixed || len(c.Trustees) < t {
		return
	}
	c.Trustees, c.Fixed = c.Trustees[:t], true
	var shares []*tallyv1.DecryptionShare
	for _, j := range c.Trustees {
		shares = append(shares, z.shares[j])
	}
	hash := tally.OpeningHash(ctx.ChainID, z.election.id, z.index, z.units, c.Trustees, shares)
	c.Opening = hash[:]
}

// freeze fixes the units that are decrypted, unless too few ballots wait for
// the quorum's consent.
func (v *verifier) freeze(ctx ledger.Context, z *zone) {
	if z.units != nil && z.units.WaitingConsent && !z.consent {
		return
	}
	e := z.election
	units := &tallyv1.Units{Units: z.join(), WaitingConsent: false}
	units.WaitingConsent = !z.consent && z.small(units.Units)
	if !units.WaitingConsent {
		for _, u := range units.Units {
			if err := e.total(u); err != nil {
				v.found.add(checkResults, Finding{Code: "tally/units", Height: ctx.Height, Tx: -1, What: "units", Why: err.Error()})
				return
			}
		}
	}
	z.units = units
	if units.WaitingConsent {
		return
	}
	v.enter(ctx, z, electionv1.Phase_PHASE_COUNTING)
	if !slices.ContainsFunc(units.Units, func(u *tallyv1.Unit) bool { return u.Ballots > 0 }) {
		z.result = &tallyv1.Result{ElectionId: e.id[:], Zone: z.index}
		for _, u := range units.Units {
			z.result.Units = append(z.result.Units, &tallyv1.UnitCounts{Counts: make([]uint64, len(e.def.Contests[u.Contest].Options))})
		}
	}
}

// drawUp makes the protocol of results, and checks that it balances.
func (v *verifier) drawUp(ctx ledger.Context, z *zone) {
	if z.protocol != nil || z.result == nil || z.list.done == nil || z.key == nil {
		return
	}
	v.found.count(checkProtocols, 1)
	e := z.election
	p := &tallyv1.Protocol{
		ElectionId: e.id[:], Zone: z.index, Contests: tally.ProtocolContests(z.units, z.result),
		GapHeight: z.state.SuspendedHeight, ClosedMs: z.state.ClosedMs, CountedRoot: z.list.done.Root,
		KeyMode: []byte(z.key.Mode), ChainId: ctx.ChainID,
	}
	for _, style := range election.ZoneStyles(e.def, z.index) {
		p.Roll += e.sizes[style]
		p.Removed += e.removed[style].count
	}
	for _, class := range election.ZoneClasses(e.def, z.index) {
		c := e.classes[class]
		p.Issued += c.issued
		p.Accepted += c.accepted
		p.Recasts += c.recasts
	}
	p.IssuedNotCast = p.Issued - p.Accepted
	if p.Roll < p.Removed+p.Issued || p.Issued < p.Accepted || z.list.done.Size_ != p.Accepted {
		v.found.add(checkProtocols, Finding{Code: "tally/balance", Height: ctx.Height, Tx: -1, What: fmt.Sprintf("protocol of zone %d", z.index),
			Why: fmt.Sprintf("roll %d, removed %d, issued %d, accepted %d, counted %d", p.Roll, p.Removed, p.Issued, p.Accepted, z.list.done.Size_)})
	}
	z.protocol = p
}

func tallyObjects(z *zone, add func(name string, b []byte)) {
	if z.units != nil {
		add(fmt.Sprintf("units/%d", z.index), ledger.MustEncode(z.units))
	}
	if z.counting != nil {
		add(fmt.Sprintf("trustees/%d", z.index), ledger.MustEncode(z.counting))
	}
	if z.result != nil {
		add(fmt.Sprintf("result/%d", z.index), ledger.MustEncode(z.result))
	}
	if z.protocol != nil {
		add(fmt.Sprintf("protocol/%d", z.index), ledger.MustEncode(z.protocol))
	}
}
