package txn

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/urna-vote/urna/x/ledger"
)

// Item is a transaction's checks.
type Item struct {
	Hash   [32]byte
	Checks []ledger.Check
}

// memoKey names the checks of a transaction: the same key means the same facts.
// Acceptances are remembered by it, and only these.
func memoKey(item Item) [32]byte {
	h := sha256.New()
	_, _ = h.Write(item.Hash[:])
	var n [8]byte
	for i := range item.Checks {
		c := &item.Checks[i]
		_, _ = h.Write(c.Params[:])
		binary.BigEndian.PutUint32(n[:4], c.Code.Number)
		binary.BigEndian.PutUint32(n[4:], uint32(len(c.Code.Module)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(c.Code.Module))
		binary.BigEndian.PutUint64(n[:], uint64(len(c.Field)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(c.Field))
	}
	return [32]byte(h.Sum(nil))
}
