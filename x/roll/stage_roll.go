package roll

import (
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of StageRoll.
const (
	MaxStagedEntries = 4096
	MaxStageBytes    = MaxStagedEntries*EntryBytes + 128
)

// DecodeStageRoll decodes the message.
func DecodeStageRoll(body []byte) (*rollv1.StageRoll, error) {
	return ledger.DecodeStrict[rollv1.StageRoll](body, MaxStageBytes)
}

// ValidateStageRoll sees the message alone: election_id, entries (whole, 1 to
// 4096, distinct).
func ValidateStageRoll(m *rollv1.StageRoll) error {
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, needs 32", len(m.ElectionId))
	}
	n := len(m.Entries) / EntryBytes
	if n < 1 || n > MaxStagedEntries || len(m.Entries)%EntryBytes != 0 {
		return CodeMalformed.Refuse("entries", "%d bytes are not 1 to %d entries of %d bytes", len(m.Entries), MaxStagedEntries, EntryBytes)
	}
	seen := make(map[[EntryBytes]byte]int, n)
	for i := range n {
		entry := [EntryBytes]byte(m.Entries[i*EntryBytes:])
		if first, twice := seen[entry]; twice {
			return CodeMalformed.Refuse("entries", "entry %x stands at %d and %d", entry, first, i)
		}
		seen[entry] = i
	}
	return nil
}
