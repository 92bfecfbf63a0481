package store

import (
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/merkle"
)

// Tx is where a transaction stands.
type Tx struct {
	// Height and Position, as in Entry.
	Height   int64
	Position uint32
	// LogIndex in the ballot log, if Logged.
	Logged   bool
	LogIndex uint64
}

// TxByHash finds a committed transaction.
func (s *Snapshot) TxByHash(hash [32]byte) (Tx, bool) {
	b := s.get("read transaction index", txKey(hash))
	if b == nil {
		return Tx{}, false
	}
	d := fields{b: b}
	if n := d.uvarint(); n&1 == 1 {
		e, ok := s.LogEntry(n >> 1)
		if !ok {
			// The index may be ahead of this snapshot's log only if it is damaged.
			fail("read transaction index", errCorrupt)
		}
		if e.Hash != hash {
			return Tx{}, false
		}
		return Tx{Height: e.Height, Position: e.Position, Logged: true, LogIndex: e.Index}, true
	} else if tx := (Tx{Height: int64(n >> 1), Position: uint32(d.uvarint())}); string(d.bytes(merkle.HashSize-txPrefix)) == string(hash[txPrefix:]) {
		return tx, true
	}
	if d.bad {
		fail("read transaction index", errCorrupt)
	}
	return Tx{}, false
}

// encodeLoggedTx: u(2·log index + 1); the log has the rest.
func encodeLoggedTx(index uint64) []byte { return appendLoggedTx(nil, index) }

func appendLoggedTx(b []byte, index uint64) []byte { return binary.AppendUvarint(b, index<<1|1) }

// encodeOtherTx: u(2·height) ‖ u(position) ‖ rest of the hash.
func encodeOtherTx(height int64, t otherTx) []byte {
	b := binary.AppendUvarint(make([]byte, 0, 32), uint64(height)<<1)
	b = binary.AppendUvarint(b, uint64(t.position))
	return append(b, t.hash[txPrefix:]...)
}
