package ceremony

import (
	"crypto/sha256"

	"github.com/urna-vote/urna/x/ledger"
)

var (
	statePrefix     = ledger.NewPrefix(0x50, "ceremony: state of a zone's ceremony")
	txPrefix        = ledger.NewPrefix(0x51, "ceremony: accepted transaction")
	restartPrefix   = ledger.NewPrefix(0x52, "ceremony: restart decided in the block at hand")
	sealingPrefix   = ledger.NewPrefix(0x53, "ceremony: HPKE key that a trustee has used")
	dealPrefix      = ledger.NewPrefix(0x54, "ceremony: commitments of a dealer")
	testPrefix      = ledger.NewPrefix(0x55, "ceremony: sealed test nonce's hash")
	candidatePrefix = ledger.NewPrefix(0x56, "ceremony: key before the drill")
	keyPrefix       = ledger.NewPrefix(0x57, "ceremony: election key")
	keyIDPrefix     = ledger.NewPrefix(0x58, "ceremony: hash of the election key")
)

// StateKey is where the head of a zone's ceremony stands.
func StateKey(election [32]byte, zone uint32) []byte { return zoneKey(statePrefix, election, zone) }

// TxKey is where an accepted transaction of an attempt stands, by its number from 0.
func TxKey(w Where, number uint32) []byte {
	return append(TxPrefix(w), ledger.U32(number)...)
}

// TxPrefix is the prefix of all transactions of an attempt.
func TxPrefix(w Where) []byte { return w.key(txPrefix) }

// RestartKey marks, within a block, that another attempt was decided.
func RestartKey(election [32]byte, zone uint32) []byte { return zoneKey(restartPrefix, election, zone) }

// RestartPrefix is the prefix of all such marks.
func RestartPrefix() []byte { return restartPrefix.Key() }

// SealingKey is where it is noted that a trustee used an HPKE key: it does so
// once on a chain. Another trustee may name the same key (docs/adr/0008).
func SealingKey(hpkeKey, trustee []byte) []byte {
	h := sha256.Sum256(hpkeKey)
	return sealingPrefix.Key(h[:], trustee)
}

// DealKey is where a dealer's commitments stand.
func DealKey(w Where, dealer uint32) []byte { return w.key(dealPrefix, ledger.U32(dealer)) }

// TestKey is where the hash of a sealed nonce stands.
func TestKey(w Where, sender, receiver uint32) []byte {
	return w.key(testPrefix, ledger.U32(sender), ledger.U32(receiver))
}

// CandidateKey is where the key of an attempt stands before its drill.
func CandidateKey(w Where) []byte { return w.key(candidatePrefix) }

// KeyKey is where a zone's election key stands.
func KeyKey(election [32]byte, zone uint32) []byte { return zoneKey(keyPrefix, election, zone) }

// KeyIDKey is where the hash of the key's bytes stands.
func KeyIDKey(election [32]byte, zone uint32) []byte { return zoneKey(keyIDPrefix, election, zone) }

func zoneKey(p ledger.Prefix, election [32]byte, zone uint32) []byte {
	return p.Key(election[:], ledger.U32(zone))
}
