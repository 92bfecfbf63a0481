package keeper

import (
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/merkle"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// dirty is a chunk in which tokens of this block were marked.
type dirty struct {
	key    []byte
	id     [32]byte
	style  uint32
	chunk  uint64
	tokens uint64
}

// EndBlock brings the bitmap roots of the styles up to date in which tokens were
// issued in this block.
func (k *Keeper) EndBlock(_ ledger.Context, w ledger.Writer) {
	var list []dirty
	w.Iterate(issuance.KeyDirty.Key(), func(key, value []byte) bool {
		list = append(list, dirty{
			key:    append([]byte(nil), key...),
			id:     [32]byte(key[1:33]),
			style:  binary.BigEndian.Uint32(key[33:37]),
			chunk:  binary.BigEndian.Uint64(key[37:45]),
			tokens: getU64(value),
		})
		return true
	})
	for i, d := range list {
		w.Delete(d.key)
		hash := merkle.LeafHash(w.Get(chunkKey(d.id, d.style, d.chunk)))
		w.Set(chunkHashKey(d.id, d.style, d.chunk), hash[:])
		record := styleRecord(w, d.id, d.style)
		record.Issued += d.tokens
		if i+1 == len(list) || list[i+1].id != d.id || list[i+1].style != d.style {
			record.RollSize = k.roll.Size(w, d.id, d.style)
			root := k.issuedTree(w, d.id, d.style).Root()
			record.IssuedRoot = root[:]
		}
		w.Set(styleKey(d.id, d.style), ledger.MustEncode(record))
	}
}

// styleRecord reads a style's record as of its last token.
func styleRecord(r ledger.Reader, id [32]byte, style uint32) *issuancev1.StyleIssued {
	if b := r.Get(styleKey(id, style)); b != nil {
		return ledger.MustDecode[issuancev1.StyleIssued](b)
	}
	return &issuancev1.StyleIssued{Style: style}
}

// issuedTree is the tree over the chunks of the bitmap "issued".
func (k *Keeper) issuedTree(r ledger.Reader, id [32]byte, style uint32) *merkle.Tree {
	return roll.BitmapTree(k.roll.Size(r, id, style), func(chunk uint64) []byte {
		return r.Get(chunkHashKey(id, style, chunk))
	})
}
