package dleq_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
)

var update = flag.Bool("update", false, "write testdata/dleq.json anew")

// TestVectorsAreWhatThisCodeMakes keeps the file and the prover together: with
// a fixed reader the prover is a function.
func TestVectorsAreWhatThisCodeMakes(t *testing.T) {
	made, err := json.MarshalIndent(makeVectors(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/dleq.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("testdata/dleq.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, made) {
		t.Error("testdata/dleq.json differs from what the code makes; a change of format needs a decision record")
	}
}

func makeVectors(t *testing.T) []vector {
	st, secrets := fixture(3)
	p, err := dleq.Prove(bytes.NewReader(bytes.Repeat([]byte{0x5a}, 64)), st, secrets)
	if err != nil {
		t.Fatal(err)
	}
	e := p.Encode()
	good := vector{Purpose: dleq.Share.String(), ChainID: st.ChainID, Election: hex.EncodeToString(st.Election[:]), Context: hex.EncodeToString(st.Context), R: st.R.String(), Proof: hex.EncodeToString(e[:]), Class: "ok", What: "three slots"}
	for i := range st.Keys {
		good.Keys, good.Shares = append(good.Keys, st.Keys[i].String()), append(good.Shares, st.Shares[i].String())
	}
	out := []vector{good}
	add := func(what, class string, change func(*vector)) {
		v := good
		v.Keys, v.Shares = append([]string(nil), good.Keys...), append([]string(nil), good.Shares...)
		v.What, v.Class = what, class
		change(&v)
		out = append(out, v)
	}
	base := group.Basepoint()
	ff := hex.EncodeToString(bytes.Repeat([]byte{0xff}, 32))
	add("purpose of the drill", "proof", func(v *vector) { v.Purpose = dleq.Drill.String() })
	add("another chain", "proof", func(v *vector) { v.ChainID = "test-7766554433221100" })
	add("another election", "proof", func(v *vector) { v.Election = hex.EncodeToString(bytes.Repeat([]byte{2}, 32)) })
	add("another context", "proof", func(v *vector) { v.Context = "00" })
	add("a share replaced", "proof", func(v *vector) { v.Shares[1] = base.String() })
	add("one vote moved between two slots", "proof", func(v *vector) {
		v.Shares[0], v.Shares[1] = st.Shares[0].Add(base).String(), st.Shares[1].Sub(base).String()
	})
	add("slots permuted", "proof", func(v *vector) {
		v.Keys[0], v.Keys[1], v.Shares[0], v.Shares[1] = v.Keys[1], v.Keys[0], v.Shares[1], v.Shares[0]
	})
	add("identity as a key", "statement", func(v *vector) { v.Keys[2] = group.Identity().String() })
	add("T1 not canonical", "encoding", func(v *vector) { v.Proof = ff + v.Proof[64:] })
	add("T2 not canonical", "encoding", func(v *vector) { v.Proof = v.Proof[:64] + ff + v.Proof[128:] })
	add("s not canonical", "encoding", func(v *vector) { v.Proof = v.Proof[:128] + ff })
	add("a byte missing", "length", func(v *vector) { v.Proof = v.Proof[:190] })
	add("a byte too many", "length", func(v *vector) { v.Proof += "00" })
	return out
}
