package verify

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// claim of a signature on a member of the panel.
type claim struct {
	height   int64
	blinded  []byte
	answered bool
}

// claimed finds the token of an entry and checks that its panel has the member.
func (v *verifier) claimed(id, entry []byte, member uint32) (*elect, *token, error) {
	e, err := v.find(issuance.Module, id)
	if err != nil {
		return nil, nil, err
	}
	t := e.tokens[[32]byte(entry)]
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
	case t.claims[m.Member] != nil:
		return breaks("issuance/claimed", "member", "%d was asked before", m.Member)
	}
	c.claim(fmt.Sprintf("claim:%x/%x/%d", m.ElectionId, m.Entry, m.Member))
	return nil
}

func executeClaim(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.ClaimSignature)
	t := v.byID[[32]byte(m.ElectionId)].tokens[[32]byte(m.Entry)]
	if t.claims == nil {
		t.claims = map[uint32]*claim{}
	}
	t.claims[m.Member] = &claim{height: ctx.Height, blinded: bytes.Clone(m.BlindedMessage)}
	return nil
}

// precheckAnswer: a member answers what it was asked.
func precheckAnswer(v *verifier, c *chance, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.AnswerClaim)
	e, t, err := v.claimed(m.ElectionId, m.Entry, m.Member)
	if err != nil {
		return err
	}
	asked := t.claims[m.Member]
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
	v.byID[[32]byte(m.ElectionId)].tokens[[32]byte(m.Entry)].claims[m.Member].answered = true
	return nil
}

// silent counts the claims of a class that were left unanswered.
func (e *elect) silent(class uint32, height int64) uint64 {
	var n uint64
	for _, t := range e.tokens {
		if e.def.Styles[t.style].TokenClass != class {
			continue
		}
		for _, c := range t.claims {
			if !c.answered && c.height+issuance.SilentAfter <= height {
				n++
			}
		}
	}
	return n
}
