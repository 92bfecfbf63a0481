package session_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/urna-vote/urna/offchain/voter/session"
)

func FuzzParseState(f *testing.F) {
	st, err := session.NewState(rand.Reader, "test-1", [32]byte{1}, [32]byte{2}, 3)
	if err != nil {
		f.Fatal(err)
	}
	content, err := st.Reveal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := session.ParseState(b)
		if err != nil {
			return
		}
		once, err := st.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := session.ParseState(once)
		if err != nil {
			t.Fatalf("written state is not read: %v", err)
		}
		twice, err := again.Reveal()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("state changes when it is read: %v", err)
		}
	})
}
