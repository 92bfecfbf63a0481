package issuance

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// MaxIssueBytes limits IssueToken: a hash and an endorsement of each member.
const MaxIssueBytes = election.MaxPanelMembers*(32+64+4) + 256

var endorseLabel = transcript.Register("endorse")

// DecodeIssueToken decodes the message.
func DecodeIssueToken(body []byte) (*issuancev1.IssueToken, error) {
	return ledger.DecodeStrict[issuancev1.IssueToken](body, MaxIssueBytes)
}

// ValidateIssueToken sees the message alone: the lengths of everything, as many
// endorsements as hashes.
func ValidateIssueToken(m *issuancev1.IssueToken) error {
	if err := ValidateRecord(m); err != nil {
		return err
	}
	if len(m.Endorsements) != len(m.BlindedHashes) {
		return CodeMalformed.Refuse("endorsements", "%d endorsements of %d blinded messages", len(m.Endorsements), len(m.BlindedHashes))
	}
	for i, e := range m.Endorsements {
		if len(e) != sign.SignatureSize {
			return CodeMalformed.Refuse(fmt.Sprintf("endorsements[%d]", i), "%d bytes, needs %d", len(e), sign.SignatureSize)
		}
	}
	return nil
}

// ValidateRecord is ValidateIssueToken without the endorsements: what a member
// sees before it endorses.
func ValidateRecord(m *issuancev1.IssueToken) error {
	if err := validateElection(m.ElectionId); err != nil {
		return err
	}
	if len(m.Entry) != roll.EntryBytes {
		return CodeMalformed.Refuse("entry", "%d bytes, needs %d", len(m.Entry), roll.EntryBytes)
	}
	if n := len(m.BlindedHashes); n < 1 || n > election.MaxPanelMembers {
		return CodeMalformed.Refuse("blinded_hashes", "%d hashes, needs 1 to %d", n, election.MaxPanelMembers)
	}
	for i, h := range m.BlindedHashes {
		if len(h) != 32 {
			return CodeMalformed.Refuse(fmt.Sprintf("blinded_hashes[%d]", i), "%d bytes, needs 32", len(h))
		}
	}
	if len(m.ClaimKeyHash) != 32 {
		return CodeMalformed.Refuse("claim_key_hash", "%d bytes, needs 32", len(m.ClaimKeyHash))
	}
	return nil
}

// EndorseBytes is what each member of the panel signs with its operator key:
// the transcript "urna/v1/endorse" of chain, election, style, panel, entry, the
// number of blinded hashes and each of them, and the hash of the claim key.
func EndorseBytes(chainID string, m *issuancev1.IssueToken) []byte {
	t := transcript.New(endorseLabel, chainID, [32]byte(m.ElectionId))
	t.AppendUint64(uint64(m.Style))
	t.AppendUint64(uint64(m.Panel))
	t.Append(m.Entry)
	t.AppendUint64(uint64(len(m.BlindedHashes)))
	for _, h := range m.BlindedHashes {
		t.Append(h)
	}
	t.Append(m.ClaimKeyHash)
	sum := t.Sum()
	return sum[:]
}

// Endorse signs a record as a member of its panel.
func Endorse(chainID string, m *issuancev1.IssueToken, operator sign.PrivateKey) []byte {
	signature := operator.Sign(EndorseBytes(chainID, m))
	return signature[:]
}

// Endorsement is the fact that the member with this operator key endorsed the
// record.
func Endorsement(chainID string, m *issuancev1.IssueToken, operator, signature []byte) sign.Item {
	return sign.Item{
		Public:    [sign.PublicKeySize]byte(operator),
		Message:   EndorseBytes(chainID, m),
		Signature: [sign.SignatureSize]byte(signature),
	}
}
