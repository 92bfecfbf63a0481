package hsm

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/urna-vote/urna/offchain/gateway/keyring"
)

// Label of every token key.
const Label = "urna token key 1"

// PIN opens the module's token. It prints as a redaction.
type PIN string

// Format prints a redaction for every verb.
func (PIN) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[PIN of the hardware module]") }

// Config says which module and which of its tokens.
type Config struct {
	// Library is the path of the module's PKCS #11 library.
	Library string
	// Token is the token's label.
	Token string
	PIN   PIN
	// Sessions is how many requests the module is given at once; 0 takes 8.
	Sessions int
}

const defaultSessions = 8

// idBytes is the length of a key's CKA_ID.
const idBytes = 32 + 4 + 4

func idOf(s keyring.Slot) []byte {
	id := append(make([]byte, 0, idBytes), s.Election[:]...)
	id = binary.BigEndian.AppendUint32(id, s.Class)
	return binary.BigEndian.AppendUint32(id, s.Panel)
}

func slotOf(id []byte) (keyring.Slot, error) {
	if len(id) != idBytes {
		return keyring.Slot{}, fmt.Errorf("CKA_ID has %d bytes where a token key has %d", len(id), idBytes)
	}
	return keyring.Slot{
		Election: [32]byte(id), Class: binary.BigEndian.Uint32(id[32:]), Panel: binary.BigEndian.Uint32(id[36:]),
	}, nil
}
