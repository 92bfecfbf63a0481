package group_test

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
)

func readVectors(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
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

type rfc9496 struct {
	Multiples []string
	Bad       []struct{ Encoding, Why string }
	Uniform   []struct {
		Text    string `json:"sha512_of"`
		Element string
	}
}

func TestMultiplesOfBasepointMatchRFC9496(t *testing.T) {
	var v rfc9496
	readVectors(t, "rfc9496.json", &v)
	if len(v.Multiples) != 16 {
		t.Fatalf("%d multiples, want 16", len(v.Multiples))
	}
	sum := group.Identity()
	for i, want := range v.Multiples {
		byMul := group.BaseMul(group.ScalarFromUint64(uint64(i)))
		for name, p := range map[string]group.Point{"sum": sum, "product": byMul} {
			if p.String() != want {
				t.Errorf("%d·B by %s = %s, want %s", i, name, p, want)
			}
		}
		p, err := group.DecodePoint(unhex(t, want))
		if err != nil || !p.Equal(sum) {
			t.Errorf("decode %d·B: %v, %v", i, p, err)
		}
		sum = sum.Add(group.Basepoint())
	}
}

func TestDecodeRefusesBadEncodingsOfRFC9496(t *testing.T) {
	var v rfc9496
	readVectors(t, "rfc9496.json", &v)
	if len(v.Bad) != 29 {
		t.Fatalf("%d bad encodings, want 29", len(v.Bad))
	}
	for _, bad := range v.Bad {
		if _, err := group.DecodePoint(unhex(t, bad.Encoding)); !errors.Is(err, group.ErrNotCanonical) {
			t.Errorf("%s (%s): %v, want ErrNotCanonical", bad.Encoding, bad.Why, err)
		}
	}
}

func TestUniformBytesMapAsInRFC9496(t *testing.T) {
	var v rfc9496
	readVectors(t, "rfc9496.json", &v)
	for _, c := range v.Uniform {
		if got := group.FromUniform64(sha512.Sum512([]byte(c.Text))); got.String() != c.Element {
			t.Errorf("%q maps to %s, want %s", c.Text, got, c.Element)
		}
	}
}

// RFC 9380 names the suite but prints no vectors for ristretto255; RFC 9497
// uses the suite and does.
func TestHashToGroupMatchesRFC9497(t *testing.T) {
	var v struct {
		DST   string
		Cases []struct{ Input, Blind, Blinded string }
	}
	readVectors(t, "rfc9497.json", &v)
	if len(v.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range v.Cases {
		blind, err := group.DecodeScalar(unhex(t, c.Blind))
		if err != nil {
			t.Fatal(err)
		}
		got := group.HashToGroup(unhex(t, v.DST), unhex(t, c.Input)).Mul(blind)
		if got.String() != c.Blinded {
			t.Errorf("blinded hash of %s = %s, want %s", c.Input, got, c.Blinded)
		}
	}
}
