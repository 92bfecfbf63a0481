package slip

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/transcript"
)

// VoterKeySize is the length of a voter key in bytes.
const VoterKeySize = 32

var (
	entryLabel = transcript.Register("entry")
	passLabel  = transcript.Register("entry/pass")
)

// VoterKey makes a person's entry id. It prints as a redaction.
type VoterKey struct {
	b [VoterKeySize]byte
}

// NewVoterKey draws a key.
func NewVoterKey(random io.Reader) (VoterKey, error) {
	var k VoterKey
	if _, err := io.ReadFull(random, k.b[:]); err != nil {
		return VoterKey{}, fmt.Errorf("draw voter key: %w", err)
	}
	return k, nil
}

// Entry is the voter's entry id in the roll of an election.
func (k VoterKey) Entry(chainID string, election [32]byte, subject string) [32]byte {
	mac := hmac.New(sha256.New, k.b[:])
	_, _ = mac.Write(transcript.JoinFields([]byte(entryLabel.String()), []byte(chainID), election[:], []byte(subject)))
	return [32]byte(mac.Sum(nil))
}

// Pass is what the voter shows to one issuer, by its name, along with the code.
// It tells that issuer nothing that another would accept.
func (k VoterKey) Pass(chainID string, election [32]byte, issuer string) [32]byte {
	mac := hmac.New(sha256.New, k.b[:])
	_, _ = mac.Write(transcript.JoinFields([]byte(passLabel.String()), []byte(chainID), election[:], []byte(issuer)))
	return [32]byte(mac.Sum(nil))
}

// Format prints a redaction for every verb.
func (k VoterKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[voter key]") }
