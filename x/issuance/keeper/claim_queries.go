package keeper

import (
	"bytes"
	"encoding/binary"

	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// OpenClaim is a claim that an issuer has not answered.
type OpenClaim struct {
	Height int64
	Entry  []byte
}

// OpenClaims lists an issuer's unanswered claims, the oldest first, from a
// position on.
func (k *Keeper) OpenClaims(r ledger.Reader, id [32]byte, issuer uint32, from uint64, limit int) []OpenClaim {
	var out []OpenClaim
	r.Iterate(issuance.KeyOpenClaim.Key(id[:], ledger.U32(issuer)), func(key, _ []byte) bool {
		if from > 0 {
			from--
			return true
		}
		out = append(out, OpenClaim{Height: int64(binary.BigEndian.Uint64(key[37:45])), Entry: bytes.Clone(key[45:])})
		return len(out) < limit
	})
	return out
}
