package election

import (
	"encoding/hex"
	"fmt"

	"github.com/urna-vote/urna/crypto/transcript"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ledger"
)

var idLabel = transcript.Register("election")

// ID is the election's id: the transcript hash of the chain id and the
// canonical bytes of the definition.
func ID(chainID string, definition []byte) [32]byte {
	return transcript.HashForChain(idLabel, chainID, definition)
}

// DefinitionID is the id of a definition.
func DefinitionID(chainID string, def *electionv1.Definition) [32]byte {
	return ID(chainID, ledger.MustEncode(def))
}

// ParseID reads the election id of a message.
func ParseID(b []byte) ([32]byte, error) {
	if len(b) != 32 {
		return [32]byte{}, CodeMalformed.Refuse("election_id", "%d bytes, needs 32", len(b))
	}
	return [32]byte(b), nil
}

// Claim names the whole election among the claims of a block.
func Claim(id [32]byte) string { return "election:" + hex.EncodeToString(id[:]) }

// ZoneClaim names a zone's timetable among the claims of a block.
func ZoneClaim(id [32]byte, zone uint32) string { return fmt.Sprintf("zone:%x/%d", id, zone) }
