package entry_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/offchain/voter/entry"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version": "urna entry proof 1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := entry.Parse(b)
		if err != nil {
			return
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a second spelling was read: %v", err)
		}
	})
}
