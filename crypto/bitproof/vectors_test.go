package bitproof_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

var update = flag.Bool("update", false, "write testdata anew")

// A vector of testdata/ballots.json. Where the class is ok, the prover with a
// reader of bytes 0x5a makes exactly this ballot of these bits (the order in
// which it draws is that of drawSecrets); y and x are the challenges.
type vector struct {
	What       string      `json:"what"`
	Class      string      `json:"class"`
	ChainID    string      `json:"chain_id"`
	Election   string      `json:"election"`
	Context    string      `json:"context"`
	Shape      vectorShape `json:"shape"`
	ShapeBytes string      `json:"shape_bytes"`
	Keys       []string    `json:"keys"`
	R          string      `json:"r"`
	C          string      `json:"c"`
	Proof      string      `json:"proof"`
	Bits       []bool      `json:"bits,omitempty"`
	Y          string      `json:"y,omitempty"`
	X          string      `json:"x,omitempty"`
}

type vectorShape struct {
	Bits        int          `json:"bits"`
	Forms       [][][2]int64 `json:"forms"` // terms as [bit, weight]
	Constraints []struct {
		Terms  [][2]int64 `json:"terms"`
		Target uint32     `json:"target"`
	} `json:"constraints"`
}

var vectorClasses = []struct {
	name string
	err  error
}{
	{"shape", bitproof.ErrShape}, {"length", bitproof.ErrLength}, {"length", elgamal.ErrLength}, {"identity", group.ErrIdentity}, {"encoding", group.ErrNotCanonical},
	{"rule", bitproof.ErrRule}, {"bits", bitproof.ErrBits}, {"randomness", bitproof.ErrRandomness}, {"link", bitproof.ErrLink},
}

func TestVectors(t *testing.T) {
	var kept []vector
	readJSON(t, "ballots.json", makeBallotVectors, &kept)
	classes := map[string]int{}
	for _, v := range kept {
		classes[v.Class]++
		if got := v.judge(t); got != v.Class {
			t.Errorf("%s: class %q, want %q", v.What, got, v.Class)
		}
	}
	for _, class := range append([]string{"ok"}, "shape", "length", "identity", "encoding", "rule", "bits", "randomness", "link") {
		if classes[class] == 0 {
			t.Errorf("no vector of class %q", class)
		}
	}
}

func TestFirstGeneratorsAreThePublishedOnes(t *testing.T) {
	var kept struct{ G, H []string }
	readJSON(t, "generators.json", func(*testing.T) any {
		var out struct {
			What string   `json:"what"`
			G    []string `json:"G"`
			H    []string `json:"H"`
		}
		out.What = "G_1..G_8 and H_1..H_8"
		g, h := bitproof.Generators(8)
		for i := range g {
			out.G, out.H = append(out.G, g[i].String()), append(out.H, h[i].String())
		}
		return out
	}, &kept)
	g, h := bitproof.Generators(9)
	seen := map[string]bool{group.Basepoint().String(): true}
	for i := range g {
		for tag, p := range map[string]group.Point{"G": g[i], "H": h[i]} {
			if hex.EncodeToString(refGenerator(tag, i+1).Bytes()) != p.String() {
				t.Errorf("%s_%d differs from the second implementation", tag, i+1)
			}
			if seen[p.String()] {
				t.Errorf("%s_%d stands twice", tag, i+1)
			}
			seen[p.String()] = true
		}
		if i < 8 && (kept.G[i] != g[i].String() || kept.H[i] != h[i].String()) {
			t.Errorf("generators %d differ from testdata", i+1)
		}
	}
}

// readJSON reads a file of testdata and requires that it is what this code
// makes: with a fixed reader everything here is a function.
func readJSON(t *testing.T, file string, makeAny func(*testing.T) any, into any) {
	t.Helper()
	made, err := json.MarshalIndent(makeAny(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile("testdata/"+file, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, made) {
		t.Errorf("testdata/%s differs from what the code makes; a change of format needs a decision record", file)
	}
	if err := json.Unmarshal(kept, into); err != nil {
		t.Fatal(err)
	}
}

func (v vector) judge(t *testing.T) string {
	st := &bitproof.Statement{ChainID: v.ChainID, Election: [32]byte(unhex(t, v.Election)), Context: unhex(t, v.Context), Shape: v.Shape.shape()}
	if got := hex.EncodeToString(st.Shape.Encode()); got != v.ShapeBytes {
		t.Errorf("%s: shape encodes to %s", v.What, got)
	}
	for _, k := range v.Keys {
		p, err := group.DecodePoint(unhex(t, k))
		if err != nil {
			t.Fatal(err)
		}
		key, err := elgamal.NewKey(p)
		if err != nil {
			return classOf(t, err)
		}
		st.Keys = append(st.Keys, key)
	}
	ct, err := elgamal.DecodeParts(len(v.Keys), unhex(t, v.R), unhex(t, v.C))
	if err != nil {
		return classOf(t, err)
	}
	proof, err := bitproof.DecodeProof(st.Shape.Bits, unhex(t, v.Proof))
	if err != nil {
		return classOf(t, err)
	}
	return classOf(t, judge(t, bitproof.Claim{Statement: st, Ciphertext: ct, Proof: proof}))
}

func classOf(t *testing.T, err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range vectorClasses {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	t.Fatal(err)
	return ""
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s vectorShape) shape() *bitproof.Shape {
	of := func(pairs [][2]int64) (out []bitproof.Term) {
		for _, p := range pairs {
			out = append(out, bitproof.Term{Bit: int(p[0]), Weight: uint32(p[1])})
		}
		return out
	}
	out := &bitproof.Shape{Bits: s.Bits}
	for _, f := range s.Forms {
		out.Forms = append(out.Forms, of(f))
	}
	for _, c := range s.Constraints {
		out.Constraints = append(out.Constraints, bitproof.Constraint{Terms: of(c.Terms), Target: c.Target})
	}
	return out
}

func vectorShapeOf(s *bitproof.Shape) (out vectorShape) {
	of := func(terms []bitproof.Term) (pairs [][2]int64) {
		for _, t := range terms {
			pairs = append(pairs, [2]int64{int64(t.Bit), int64(t.Weight)})
		}
		return pairs
	}
	out.Bits = s.Bits
	for _, f := range s.Forms {
		out.Forms = append(out.Forms, of(f))
	}
	for _, c := range s.Constraints {
		out.Constraints = append(out.Constraints, struct {
			Terms  [][2]int64 `json:"terms"`
			Target uint32     `json:"target"`
		}{of(c.Terms), c.Target})
	}
	return out
}

// fives is the reader of the vectors.
type fives struct{}

func (fives) Read(b []byte) (int, error) {
	copy(b, slices.Repeat([]byte{0x5a}, len(b)))
	return len(b), nil
}
