package commission

import (
	"encoding/hex"

	"github.com/urna-vote/urna/crypto/transcript"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of a proposal.
const (
	// MaxProposeBytes leaves room for the envelope within a transaction of 1 MiB.
	MaxProposeBytes = 1<<20 - 1024
	NonceBytes      = 16
	// MaxExpiryMS is how far ahead a proposal may expire.
	MaxExpiryMS = 30 * 24 * 3600 * 1000
)

var proposalLabel = transcript.Register("proposal")

// ProposalID is the id of a proposal: the transcript hash of the chain id and
// its canonical bytes.
func ProposalID(chainID string, p *commissionv1.Proposal) [32]byte {
	return transcript.HashForChain(proposalLabel, chainID, ledger.MustEncode(p))
}

// ProposalClaim names a proposal among the claims of a block.
func ProposalClaim(id [32]byte) string { return "proposal:" + hex.EncodeToString(id[:]) }

// DecodePropose decodes the message.
func DecodePropose(body []byte) (*commissionv1.Propose, error) {
	return ledger.DecodeStrict[commissionv1.Propose](body, MaxProposeBytes)
}

// ValidatePropose sees the message alone: proposal, nonce, expires_ms (a time).
// Whether action and body are an act, the acts' modules say.
func ValidatePropose(m *commissionv1.Propose) error {
	p := m.Proposal
	switch {
	case p == nil:
		return CodeMalformed.Refuse("proposal", "missing")
	case len(p.Nonce) != NonceBytes:
		return CodeMalformed.Refuse("proposal.nonce", "%d bytes, needs %d", len(p.Nonce), NonceBytes)
	case p.ExpiresMs < 1:
		return CodeMalformed.Refuse("proposal.expires_ms", "%d is no time in Unix milliseconds", p.ExpiresMs)
	}
	return nil
}
