package roll

import (
	"bytes"
	"fmt"

	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of RemoveEntries.
const (
	MaxRemovedEntries = 4096
	maxRemoveBytes    = MaxRemovedEntries*(EntryBytes+2) + election.MaxReasonBytes + 128
)

// DecodeRemoveEntries decodes the act.
func DecodeRemoveEntries(body []byte) (*rollv1.RemoveEntries, error) {
	return ledger.DecodeStrict[rollv1.RemoveEntries](body, maxRemoveBytes)
}

// ValidateRemoveEntries sees the act alone: election_id, entries (1 to 4096,
// ascending), reason.
func ValidateRemoveEntries(m *rollv1.RemoveEntries) error {
	if len(m.ElectionId) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, needs 32", len(m.ElectionId))
	}
	if n := len(m.Entries); n < 1 || n > MaxRemovedEntries {
		return CodeMalformed.Refuse("entries", "%d entries, needs 1 to %d", n, MaxRemovedEntries)
	}
	for i, entry := range m.Entries {
		path := fmt.Sprintf("entries[%d]", i)
		if len(entry) != EntryBytes {
			return CodeMalformed.Refuse(path, "%d bytes, needs %d", len(entry), EntryBytes)
		}
		if i > 0 && bytes.Compare(m.Entries[i-1], entry) >= 0 {
			return CodeMalformed.Refuse(path, "does not come after the entry before it; entries ascend")
		}
	}
	return election.ValidateReason(m.Reason)
}
