package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// token issued for an entry.
type token struct {
	election     *elect
	style, panel uint32
	claimKeyHash [32]byte
	blinded      [][]byte
	claims       []*claim
}

// claim of a signature on a member of the panel.
type claim struct {
	member   uint32
	height   int64
	answered bool
	blinded  []byte
}

// A record of a token is number of the election ‖ style ‖ panel ‖ hash of the
// claim key ‖ number of members ‖ their blinded hashes ‖ claims: member, height,
// answered (0 or 1), length, blinded message.

func (t *token) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, t.election.number)
	b = binary.BigEndian.AppendUint32(b, t.style)
	b = binary.BigEndian.AppendUint32(b, t.panel)
	b = append(b, t.claimKeyHash[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(t.blinded)))
	for _, h := range t.blinded {
		b = append(b, h...)
	}
	for _, c := range t.claims {
		answered := uint32(0)
		if c.answered {
			answered = 1
		}
		b = binary.BigEndian.AppendUint32(b, c.member)
		b = binary.BigEndian.AppendUint64(b, uint64(c.height))
		b = binary.BigEndian.AppendUint32(b, answered)
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.blinded)))
		b = append(b, c.blinded...)
	}
	return b
}

func (v *verifier) decodeToken(b []byte) *token {
	c := cells{b}
	t := &token{election: v.created[c.u32()], style: c.u32(), panel: c.u32(), claimKeyHash: [32]byte(c.take(32))}
	for range c.u32() {
		t.blinded = append(t.blinded, c.take(32))
	}
	for len(c.b) > 0 {
		x := &claim{member: c.u32(), height: int64(c.u64()), answered: c.u32() == 1}
		x.blinded = c.take(int(c.u32()))
		t.claims = append(t.claims, x)
	}
	return t
}

// claimOn finds the claim on a member, nil if there is none.
func (t *token) claimOn(member uint32) *claim {
	for _, c := range t.claims {
		if c.member == member {
			return c
		}
	}
	return nil
}

func (v *verifier) token(e *elect, entry []byte) *token {
	b := v.store.get(v.store.tokens, keyFor(e.id[:], entry))
	if b == nil {
		return nil
	}
	return v.decodeToken(b)
}

func (v *verifier) putToken(e *elect, entry []byte, t *token) {
	v.store.put(v.store.tokens, keyFor(e.id[:], entry), t.encode())
}

// claimed finds the token of an entry and checks that its panel has the member.
func (v *verifier) claimed(id, entry []byte, member uint32) (*elect, *token, error) {
	e, err := v.find(issuance.Module, id)
	if err != nil {
		return nil, nil, err
	}
	t := v.token(e, entry)
	if t == nil {
		return nil, nil, breaks("issuance/no-token", "entry", "%x has none", entry)
	}
	if int64(member) >= int64(len(t.blinded)) {
		return nil, nil, breaks("issuance/not-in-panel", "member", "%d, panel %d has %d", member, t.panel, len(t.blinded))
	}
	return e, t, nil
}

// precheckClaim: the device asks a member, once, for the signature on record.
func precheckClaim(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.ClaimSignature)
	e, t, err := v.claimed(m.ElectionId, m.Entry, m.Member)
	if err != nil {
		return err
	}
	if err := e.issues(t.style); err != nil {
		return err
	}
	blinded := blindtoken.BlindedHash(m.BlindedMessage)
	switch {
	case sha256.Sum256(tx.Signer) != t.claimKeyHash:
		return breaks("issuance/wrong-claim-key", "signer", "not the claim key of the token")
	case !bytes.Equal(blinded[:], t.blinded[m.Member]):
		return breaks("issuance/wrong-blinded-message", "blinded_message", "hash %x, on record is %x", blinded, t.blinded[m.Member])
	case t.claimOn(m.Member) != nil:
		return breaks("issuance/claimed", "member", "%d was asked before", m.Member)
	}
	c.claim(fmt.Sprintf("claim:%x/%x/%d", m.ElectionId, m.Entry, m.Member))
	return nil
}

func executeClaim(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.ClaimSignature)
	e := v.byID[[32]byte(m.ElectionId)]
	t := v.token(e, m.Entry)
	t.claims = append(t.claims, &claim{member: m.Member, height: ctx.Height, blinded: m.BlindedMessage})
	v.putToken(e, m.Entry, t)
	v.claims++
	return nil
}

// precheckAnswer: a member answers what it was asked.
func precheckAnswer(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.AnswerClaim)
	e, t, err := v.claimed(m.ElectionId, m.Entry, m.Member)
	if err != nil {
		return err
	}
	asked := t.claimOn(m.Member)
	switch {
	case asked == nil:
		return breaks("issuance/no-claim", "member", "%d was not asked", m.Member)
	case asked.answered:
		return breaks("issuance/claim-answered", "member", "%d has answered", m.Member)
	}
	modulus := e.classes[e.def.Styles[t.style].TokenClass].record.Panels[t.panel].Moduli[m.Member]
	c.claim(fmt.Sprintf("claim:%x/%x/%d", m.ElectionId, m.Entry, m.Member))
	c.state(checkIssuance, "issuance/bad-blind-signature", "blind_signature",
		issuance.Answer{Modulus: modulus, Blinded: asked.blinded, Signature: m.BlindSignature})
	return nil
}

func executeAnswer(v *verifier, _ ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.AnswerClaim)
	e := v.byID[[32]byte(m.ElectionId)]
	t := v.token(e, m.Entry)
	t.claimOn(m.Member).answered = true
	v.putToken(e, m.Entry, t)
	return nil
}

// ofClass is a token class of an election.
type ofClass struct{ election, class uint32 }

// ofIssuer is an issuer of an election.
type ofIssuer struct{ election, issuer uint32 }

// asking is what claims came to at a height.
type asking struct {
	// silent counts, by class, the claims that were left unanswered.
	silent  map[ofClass]uint64
	issuers map[ofIssuer]*Asked
}

func (v *verifier) asked(height int64) asking {
	n := asking{silent: map[ofClass]uint64{}, issuers: map[ofIssuer]*Asked{}}
	if v.claims == 0 {
		return n
	}
	v.store.failed(v.store.tokens.Each(func(_ [32]byte, value []byte) error {
		t := v.decodeToken(value)
		for _, c := range t.claims {
			issuer := t.election.def.Panels[t.panel].Issuers[c.member]
			at := ofIssuer{t.election.number, issuer}
			if n.issuers[at] == nil {
				n.issuers[at] = &Asked{Issuer: t.election.def.Issuers[issuer].Name}
			}
			n.issuers[at].Claims++
			switch {
			case c.answered:
				n.issuers[at].Answered++
			case c.height+issuance.SilentAfter <= height:
				n.issuers[at].Silent++
				n.silent[ofClass{t.election.number, t.election.def.Styles[t.style].TokenClass}]++
			}
		}
		return nil
	}))
	return n
}
