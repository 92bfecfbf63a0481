package roster_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/roster"
)

func FuzzReadVoters(f *testing.F) {
	f.Add([]byte("voter,style\nann,north\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		voters, err := roster.ReadVoters(bytes.NewReader(b), def)
		if err == nil && len(voters) == 0 {
			t.Fatal("nothing was read without an error")
		}
		for _, v := range voters {
			if v.ID == "" || int(v.Style) >= len(def.Styles) {
				t.Fatalf("read %+v", v)
			}
		}
	})
}

func FuzzReadPasses(f *testing.F) {
	f.Add([]byte("voter,entry,style,pass\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		passes, err := roster.ReadPasses(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := roster.WritePasses(&out, passes); err != nil {
			t.Fatal(err)
		}
		if again, err := roster.ReadPasses(&out); err != nil || len(again) != len(passes) {
			t.Fatalf("written passes read differently: %v", err)
		}
	})
}
