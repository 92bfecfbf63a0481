package chainid_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/urna-vote/urna/x/chainid"
)

func TestComputeHashesTheCanonicalGenesisWithoutItsID(t *testing.T) {
	canonical := `{"a":[1,true,null,"\u0001\"\\/é"],"b":{"chain_id":"kept inside","y":-5}}`
	sum := sha256.Sum256([]byte(canonical))
	want := hex.EncodeToString(sum[:8])
	for _, g := range []string{
		canonical,
		`{ "b": {"y": -5, "chain_id": "kept inside"}, "chain_id": "x-1",
		   "a": [1, true, null, "\u0001\u0022\\\/\u00e9"] }`,
	} {
		got, err := chainid.Compute([]byte(g))
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", g, got, err, want)
		}
	}
}

func TestMadeIDsAreAcceptedAndAnyChangeIsRefused(t *testing.T) {
	genesis := `{"app_state":{"rehearsal":true},"chain_id":"ID"}`
	id, err := chainid.Make("urna-test", []byte(genesis))
	if err != nil {
		t.Fatal(err)
	}
	full := strings.Replace(genesis, "ID", id, 1)
	got, err := chainid.Check([]byte(full))
	if err != nil || got != id {
		t.Fatalf("%s, %v", got, err)
	}
	altered := strings.Replace(full, "true", "false", 1)
	if _, err := chainid.Check([]byte(altered)); !errors.Is(err, chainid.ErrMismatch) {
		t.Errorf("a real election under a rehearsal's id: %v", err)
	}
	if _, err := chainid.Check([]byte(strings.Replace(full, id, id[:len(id)-1], 1))); !errors.Is(err, chainid.ErrMismatch) {
		t.Errorf("a shortened id: %v", err)
	}
	if _, err := chainid.Check([]byte(strings.Replace(full, id, "Urna"+id[4:], 1))); err == nil {
		t.Error("a prefix with a capital letter passed")
	}
}

func TestGenesisWithTwoReadingsIsRefused(t *testing.T) {
	for name, g := range map[string]string{
		"empty":           ``,
		"no object":       `[1]`,
		"trailing":        `{"a":1} 2`,
		"truncated":       `{"a":1`,
		"member twice":    `{"a":1,"a":1}`,
		"nested twice":    `{"a":{"b":1,"b":2}}`,
		"fraction":        `{"a":1.0}`,
		"exponent":        `{"a":1e2}`,
		"minus zero":      `{"a":-0}`,
		"large":           `{"a":9007199254740992}`,
		"name not ASCII":  `{"é":1}`,
		"capital letter":  `{"validators":1,"Validators":2}`,
		"half a pair":     `{"a":"\ud800"}`,
		"not UTF-8":       "{\"a\":\"\xff\"}",
		"nested too deep": strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	} {
		if got, err := chainid.Compute([]byte(g)); err == nil {
			t.Errorf("%s: hashed to %s", name, got)
		}
	}
}

func TestPrefixIsChecked(t *testing.T) {
	for _, p := range []string{"", "1abc", "-a", "a_b", strings.Repeat("a", 34)} {
		if id, err := chainid.Make(p, []byte(`{}`)); err == nil {
			t.Errorf("%q gave %s", p, id)
		}
	}
}

func FuzzComputeIsStable(f *testing.F) {
	f.Add([]byte(`{"a":1,"chain_id":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := chainid.Compute(b)
		if err != nil {
			return
		}
		if again, err := chainid.Compute(append([]byte(" \n"), b...)); err != nil || again != first {
			t.Fatalf("white space changed the hash: %s, %s, %v", first, again, err)
		}
	})
}
