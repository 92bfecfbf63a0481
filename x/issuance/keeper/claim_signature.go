package keeper

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckClaimSignature: election_id, entry (has a token; the zone issues),
// signer (its claim key), member (of the panel), blinded_message (on record);
// claimed once.
func (k *Keeper) PrecheckClaimSignature(_ ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	m := tx.Message.(*issuancev1.ClaimSignature)
	id := [32]byte(m.ElectionId)
	_, issued, err := k.record(r, id, m.Entry, m.Member)
	if err != nil {
		return ledger.Demands{}, err
	}
	if _, err := k.issuing(r, id, issued.Style); err != nil {
		return ledger.Demands{}, err
	}
	if hash := sha256.Sum256(tx.Signer); !bytes.Equal(hash[:], issued.ClaimKeyHash) {
		return ledger.Demands{}, issuance.CodeClaimKey.Refuse("signer", "is not the claim key of this token")
	}
	if hash := blindtoken.BlindedHash(m.BlindedMessage); !bytes.Equal(hash[:], issued.BlindedHashes[m.Member]) {
		return ledger.Demands{}, issuance.CodeBlinded.Refuse("blinded_message", "has hash %x, on record for member %d is %x", hash, m.Member, issued.BlindedHashes[m.Member])
	}
	if r.Get(claimKey(id, m.Entry, m.Member)) != nil {
		return ledger.Demands{}, issuance.CodeClaimed.Refuse("member", "member %d was asked before", m.Member)
	}
	return ledger.Demands{Claims: []string{memberClaim(id, m.Entry, m.Member)}}, nil
}

// ExecuteClaimSignature records the claim.
func (k *Keeper) ExecuteClaimSignature(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.ClaimSignature)
	id := [32]byte(m.ElectionId)
	def, issued, err := k.record(w, id, m.Entry, m.Member)
	if err != nil {
		return err
	}
	if w.Get(claimKey(id, m.Entry, m.Member)) != nil {
		return issuance.CodeClaimed.Refuse("member", "member %d was asked before", m.Member)
	}
	w.Set(claimKey(id, m.Entry, m.Member), ledger.MustEncode(&issuancev1.Claim{Height: ctx.Height, BlindedMessage: m.BlindedMessage}))
	w.Set(openClaimKey(id, issuerOf(def, issued, m.Member), ctx.Height, m.Entry), []byte{1})
	return nil
}

// record finds the token of an entry and checks that its panel has the member.
func (k *Keeper) record(r ledger.Reader, id [32]byte, entry []byte, member uint32) (*electionv1.Definition, *issuancev1.Issued, error) {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, nil, issuance.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	issued, ok := k.Issued(r, id, entry)
	if !ok {
		return nil, nil, issuance.CodeNoToken.Refuse("entry", "no token was issued for %x", entry)
	}
	if n := len(issued.BlindedHashes); int(member) >= n {
		return nil, nil, issuance.CodeNotInPanel.Refuse("member", "%d is not a position in panel %d of %d members", member, issued.Panel, n)
	}
	return def, issued, nil
}

// issuerOf is the issuer at a position of the panel that endorsed a token.
func issuerOf(def *electionv1.Definition, issued *issuancev1.Issued, member uint32) uint32 {
	return def.Panels[issued.Panel].Issuers[member]
}

func memberClaim(id [32]byte, entry []byte, member uint32) string {
	return fmt.Sprintf("claim:%x/%x/%d", id, entry, member)
}
