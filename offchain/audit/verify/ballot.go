package verify

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/merkle"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// sum of the counted ballots of a group and contest.
type sum struct {
	ballots uint64
	total   *elgamal.Sum
}

// counted is the list of a zone's ballot keys, made once voting is over.
type counted struct {
	// size is how many keys the zone has.
	size uint64
	// due is how many of them the ledger has in its list by now. Nothing shows
	// them before all are there: the list is made then, at once, and those who
	// follow the chain to decrypt do not stop for it.
	due  uint64
	done *ballotv1.Counted
}

// listingPerBlock is how many keys all lists together grow in a block.
const listingPerBlock = 20_000

func init() {
	rules[uint32(txv1.Kind_KIND_CAST_BALLOT)] = &rule{
		name: "cast-ballot", signed: true, maxBytes: ballot.MaxBytes, check: checkBallots,
		decode:   ballot.Decode,
		validate: validateBallot,
		precheck: precheckCast,
		execute:  executeCast,
	}
}

// validateBallot decodes the points too, so that what follows has them at hand.
func validateBallot(tx *ledger.Tx) error {
	if err := ballot.Validate(ledger.Context{}, tx); err != nil {
		return err
	}
	_, _, err := tx.Message.(*ballot.Cast).Parts()
	return err
}

// precheckCast: the zone votes, the ballot is of its style, and its key has a
// token or may replace its last ballot.
func precheckCast(v *verifier, c *chance, tx *ledger.Tx) error {
	cast := tx.Message.(*ballot.Cast)
	e, err := v.find(ballot.Codespace, cast.Message.ElectionId)
	if err != nil {
		return err
	}
	m := cast.Message
	if int64(m.Style) >= int64(len(e.def.Styles)) {
		return breaks("ballot/wrong-style", "style", "%d, the election has %d", m.Style, len(e.def.Styles))
	}
	style := e.def.Styles[m.Style]
	z := e.zones[style.Zone]
	if z.state.Phase != electionv1.Phase_PHASE_VOTING || z.state.Suspended {
		return breaks("ballot/not-voting", "election_id", "zone %d is %s, suspended: %v", z.index, election.PhaseName(z.state.Phase), z.state.Suspended)
	}
	if z.key == nil {
		return breaks("ballot/no-election-key", "election_id", "zone %d has no key", z.index)
	}
	form, err := e.form(c.ctx.ChainID, z, m.Style)
	if err != nil {
		return err
	}
	if cast.Slots() != len(form.Keys) {
		return breaks("ballot/malformed", "c", "%d ciphertexts, style %d has %d", cast.Slots(), m.Style, len(form.Keys))
	}
	c.claim("key:" + hex.EncodeToString(tx.Signer))
	before := v.spentBy([32]byte(tx.Signer))
	if before == nil {
		err = v.firstBallot(c, e, style, tx)
	} else {
		err = recast(c, e, before, m)
	}
	if err != nil {
		return err
	}
	c.state(checkProofs, "ballot/bad-proof", "proof", ballot.NewProofFact(form, cast, [32]byte(tx.Signer)))
	return nil
}

// form of a style under its zone's key, made once: a key never changes after
// issuing has begun.
func (e *elect) form(chainID string, z *zone, style uint32) (*ballot.Form, error) {
	if f := e.forms[style]; f != nil {
		return f, nil
	}
	f, err := ballot.NewForm(chainID, e.id, e.def, style, z.key)
	if err != nil {
		return nil, breaks("ballot/no-election-key", "election_id", "%v", err)
	}
	e.forms[style] = f
	return f, nil
}

// firstBallot: the key shows a token that all members of a panel signed, and
// no more ballots are accepted with tokens of a panel than it issued.
func (v *verifier) firstBallot(c *chance, e *elect, style *electionv1.Style, tx *ledger.Tx) error {
	m := tx.Message.(*ballot.Cast).Message
	if m.Sequence != 1 || m.Token == nil {
		return breaks("ballot/wrong-sequence", "sequence", "%d, the key has cast no ballot", m.Sequence)
	}
	panel := m.Token.Panel
	if int64(panel) >= int64(len(e.def.Panels)) {
		return breaks("ballot/unknown-panel", "token.panel", "%d, the election has %d", panel, len(e.def.Panels))
	}
	cl := e.classes[style.TokenClass]
	keys := cl.keys(panel)
	if keys == nil {
		return breaks("ballot/panel-not-registered", "token.panel", "panel %d has not registered all keys of class %d", panel, style.TokenClass)
	}
	if len(m.Token.Signatures) != len(keys) {
		return breaks("ballot/token-shape", "token.signatures", "%d, panel %d has %d members", len(m.Token.Signatures), panel, len(keys))
	}
	if err := cl.mayUse(panel); err != nil {
		return err
	}
	c.use(fmt.Sprintf("tokens:%x/%d/%d", e.id, style.TokenClass, panel), cl.panels[panel].unused())
	scope := blindtoken.Scope{ChainID: c.ctx.ChainID, Election: e.id, Class: style.TokenClass, Panel: panel}
	message := scope.Message([32]byte(tx.Signer))
	for i, key := range keys {
		c.state(checkTokens, "ballot/bad-token", fmt.Sprintf("token.signatures[%d]", i), ballot.NewTokenFact(key, message, m.Token.Signatures[i]))
	}
	return nil
}

// mayUse: a token of the panel is left.
func (c *class) mayUse(panel uint32) error {
	if p := c.panels[panel]; p.accepted >= p.issued {
		return breaks("ballot/more-than-issued", "token", "%d accepted with tokens of panel %d, which issued %d", p.accepted, panel, p.issued)
	}
	return nil
}

// recast: the policy allows the key another ballot now, with fresh randomness.
func recast(c *chance, e *elect, before *spent, m *ballotv1.CastBallot) error {
	policy := e.def.Revote
	switch {
	case m.Sequence == 1 || m.Token != nil:
		return breaks("ballot/token-spent", "signer", "the key has cast a ballot")
	case before.election != e || before.style != m.Style:
		return breaks("ballot/key-of-another-ballot", "style", "the key's ballots are of election %s, style %d", short(before.election.id[:]), before.style)
	case policy == nil || !policy.Allowed:
		return breaks("ballot/recast-not-allowed", "sequence", "one ballot of a key")
	case m.Sequence != before.sequence+1:
		return breaks("ballot/wrong-sequence", "sequence", "%d, the next is %d", m.Sequence, before.sequence+1)
	case policy.WindowMs > 0 && c.ctx.TimeMS > before.firstMS+policy.WindowMs:
		return breaks("ballot/recast-window-over", "sequence", "%d ms after the first", c.ctx.TimeMS-before.firstMS)
	case c.ctx.TimeMS-before.lastMS < policy.IntervalMs:
		return breaks("ballot/recast-too-early", "sequence", "%d ms after the last", c.ctx.TimeMS-before.lastMS)
	}
	if slices.ContainsFunc(before.rs, func(r []byte) bool { return bytes.Equal(r, m.R) }) {
		return breaks("ballot/same-randomness", "r", "equal to that of an earlier ballot of the key")
	}
	return nil
}

func executeCast(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	cast := tx.Message.(*ballot.Cast)
	m, e, key := cast.Message, v.byID[cast.Election], [32]byte(tx.Signer)
	style := e.def.Styles[m.Style]
	cl, before := e.classes[style.TokenClass], v.spentBy(key)
	now := &spent{election: e, style: m.Style, sequence: m.Sequence, firstMS: ctx.TimeMS, lastMS: ctx.TimeMS}
	if before == nil {
		if err := cl.mayUse(m.Token.Panel); err != nil {
			return err
		}
		cl.accepted++
		cl.panels[m.Token.Panel].accepted++
		z := e.zones[style.Zone]
		z.list.size++
		v.store.list(z, key)
	} else {
		cl.recasts++
		now.firstMS = before.firstMS
	}
	now.logIndex = v.appendLog(tx)
	if e.recasts() {
		if before != nil {
			now.rs = before.rs
		}
		now.rs, now.c = append(now.rs, m.R), m.C
	}
	v.store.put(v.store.spent, key, now.encode())
	ct, _, err := cast.Parts()
	if err != nil {
		return err
	}
	return e.addUp(style, e.forms[m.Style].Parts, ct, before)
}

// addUp adds a ballot to the sums of its group and takes out the one it replaces.
func (e *elect) addUp(style *electionv1.Style, parts []ballot.Part, ct *elgamal.Ciphertext, before *spent) error {
	var replaced *elgamal.Ciphertext
	if before != nil {
		var err error
		if replaced, err = elgamal.DecodeParts(len(ct.C), before.rs[len(before.rs)-1], before.c); err != nil {
			return breaks("ballot/malformed", "c", "%v", err)
		}
	}
	for _, p := range parts {
		at := cell{style.Group, p.Contest}
		s := e.sums[at]
		if s == nil {
			s = &sum{total: elgamal.NewSum(p.To - p.From)}
			e.sums[at] = s
		}
		if err := s.total.Add(ct.R, ct.C[p.From:p.To]); err != nil {
			return breaks("ballot/malformed", "c", "%v", err)
		}
		if replaced == nil {
			s.ballots++
			continue
		}
		if err := s.total.Sub(replaced.R, replaced.C[p.From:p.To]); err != nil {
			return breaks("ballot/malformed", "c", "%v", err)
		}
	}
	return nil
}

// continueLists lets the lists of counted ballots of zones whose voting is over
// grow as the ledger's do, by so many keys a block over all zones.
func (v *verifier) continueLists() {
	budget := uint64(listingPerBlock)
	for _, phase := range []electionv1.Phase{electionv1.Phase_PHASE_CLOSED, electionv1.Phase_PHASE_COUNTING} {
		v.each(phase, func(z *zone) {
			l := &z.list
			if budget == 0 || l.done != nil {
				return
			}
			n := min(budget, l.size-l.due)
			budget, l.due = budget-n, l.due+n
			if l.due == l.size {
				root, err := v.countedRoot(z)
				v.store.failed(err)
				l.done = &ballotv1.Counted{Size_: l.size, Root: root[:]}
			}
		})
	}
}

// countedRoot is the root of the list of a zone's counted ballots.
func (v *verifier) countedRoot(z *zone) (merkle.Hash, error) {
	var frontier merkle.Frontier
	keys, err := v.store.listed.Ascend(z.prefix())
	if err != nil {
		return merkle.Hash{}, err
	}
	for frontier.Size() < z.list.size {
		record, ok, err := keys.Next()
		if err != nil || !ok {
			return merkle.Hash{}, cmp.Or(err, errList)
		}
		key := [32]byte(record[len(record)-32:])
		s := v.spentBy(key)
		if s == nil {
			return merkle.Hash{}, errList
		}
		if err := frontier.Append(merkle.LeafHash(ballot.CountedData(key, s.sequence, s.logIndex)), nil); err != nil {
			panic("verify: list of counted ballots in memory: " + err.Error())
		}
	}
	return frontier.Root(), nil
}

// errList: the state on disk contradicts itself.
var errList = errors.New("fewer ballot keys are kept than were counted")

// message is the running sum as the summary has it.
func (s *sum) message() *ballotv1.Sum {
	b := s.total.Encode()
	return &ballotv1.Sum{Ballots: s.ballots, R: b[:group.Size], C: b[group.Size:]}
}

func ballotObjects(e *elect, add func(name string, b []byte)) {
	for i, c := range e.classes {
		if c.accepted > 0 {
			add(fmt.Sprintf("counts/%d", i), ledger.MustEncode(&ballotv1.ClassCounts{Accepted: c.accepted, Recasts: c.recasts}))
		}
	}
	for at, s := range e.sums {
		add(fmt.Sprintf("sum/%d/%d", at.group, at.contest), ledger.MustEncode(s.message()))
	}
	for i, z := range e.zones {
		if z.list.done != nil {
			add(fmt.Sprintf("counted/%d", i), ledger.MustEncode(z.list.done))
		}
	}
}
