package chain_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
)

func FuzzDecodersAreCanonical(f *testing.F) {
	h, err := randomHeader("c").ToProto().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(h)
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := chain.DecodeHeader(b); err == nil {
			again, err := h.Marshal()
			if err != nil || !bytes.Equal(again, b) {
				t.Fatalf("header %x encodes to %x, %v", b, again, err)
			}
			if _, err := chain.HeaderHash(h); err != nil {
				t.Fatal(err)
			}
		}
		if block, err := chain.DecodeBlock(b); err == nil {
			if again, err := block.Marshal(); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("block %x encodes to %x, %v", b, again, err)
			}
		}
		if c, err := chain.DecodeCommit(b); err == nil {
			if _, err := chain.CommitHash(c); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// No answer of a node makes a checker crash, and none but the honest passes.
func FuzzReceiptsOfAnyShapeAreRefused(f *testing.F) {
	w := newWorld(f)
	good, err := json.Marshal(w.receipt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		var r api.Receipt
		if json.Unmarshal(b, &r) != nil {
			return
		}
		if _, err := w.trust.VerifyReceipt(&r); err == nil && !bytes.Equal(r.TxHash, w.receipt.TxHash) {
			t.Fatalf("accepted for %s", r.TxHash)
		}
	})
}
