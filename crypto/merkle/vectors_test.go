package merkle_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
)

// The vectors were computed in another language from the text of doc.go and the
// recursive definition of RFC 6962.
func TestPublishedVectorsOfNamedLeaves(t *testing.T) {
	raw, err := os.ReadFile("testdata/named.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Root   string `json:"root"`
		Fields []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
			Proof string `json:"proof"`
		} `json:"fields"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for i, v := range vectors {
		var fields []merkle.Field
		for _, f := range v.Fields {
			fields = append(fields, merkle.Field{Name: f.Name, Value: unhex(t, f.Value)})
		}
		slices.Reverse(fields)
		tree, err := merkle.Named(fields)
		if err != nil {
			t.Fatal(err)
		}
		root := tree.Root()
		if got := hex.EncodeToString(root[:]); got != v.Root {
			t.Errorf("tree %d: root %s, want %s", i, got, v.Root)
		}
		for _, f := range v.Fields {
			p, err := tree.Prove(f.Name)
			if err != nil {
				t.Fatal(err)
			}
			if got := spelt(p); got != f.Proof {
				t.Errorf("tree %d, leaf %q: proof %s, want %s", i, f.Name, got, f.Proof)
			}
			p.Index ^= 1
			if p.Index < p.Size {
				if err := merkle.VerifyNamed(root, f.Name, unhex(t, f.Value), p); !errors.Is(err, merkle.ErrRoot) && !errors.Is(err, merkle.ErrEncoding) {
					t.Errorf("tree %d, leaf %q at its neighbour's place: %v", i, f.Name, err)
				}
			}
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spelt is a proof as the vectors have it: index, size and hashes.
func spelt(p merkle.InclusionProof) string {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, p.Index), p.Size)
	return hex.EncodeToString(append(b, merkle.EncodeHashes(p.Path)...))
}
