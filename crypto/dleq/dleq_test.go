package dleq_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// fixture is a true statement over n slots, the same for the same n.
func fixture(n int) (dleq.Statement, []group.Scalar) {
	r := group.HashToGroup([]byte("urna/test/dleq"), []byte("R")).WithEncoding()
	st := dleq.Statement{Purpose: dleq.Share, ChainID: "test-0011223344556677", Election: [32]byte{1}, Context: []byte("group 1, contest 2, trustee 3"), R: r}
	secrets := make([]group.Scalar, n)
	for i := range secrets {
		secrets[i] = group.ScalarFromUniform64([64]byte{byte(i), 5, 9, 40: 7})
		st.Keys = append(st.Keys, group.BaseMul(secrets[i]).WithEncoding())
		st.Shares = append(st.Shares, r.Mul(secrets[i]).WithEncoding())
	}
	return st, secrets
}

func mustProve(t testing.TB, st dleq.Statement, secrets []group.Scalar) dleq.Proof {
	t.Helper()
	p, err := dleq.Prove(rand.Reader, st, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProofOfTrueStatementVerifies(t *testing.T) {
	for _, n := range []int{1, 2, 13, 200} {
		st, secrets := fixture(n)
		p := mustProve(t, st, secrets)
		e := p.Encode()
		back, err := dleq.DecodeProof(e[:])
		if err != nil {
			t.Fatal(err)
		}
		if err := dleq.Verify(st, back); err != nil {
			t.Errorf("%d slots: %v", n, err)
		}
	}
}

func TestIdentitySumHasAProof(t *testing.T) {
	st, secrets := fixture(3)
	st.R = group.Identity()
	st.Shares = make([]group.Point, 3)
	if err := dleq.Verify(st, mustProve(t, st, secrets)); err != nil {
		t.Error(err)
	}
}

func TestProofFailsWhenAnyFieldOfTheStatementChanges(t *testing.T) {
	st, secrets := fixture(4)
	p := mustProve(t, st, secrets)
	other := group.HashToGroup([]byte("urna/test/dleq"), []byte("other"))
	swap := func(ps []group.Point) []group.Point {
		out := append([]group.Point(nil), ps...)
		out[0], out[1] = out[1], out[0]
		return out
	}
	replace := func(ps []group.Point, i int) []group.Point {
		out := append([]group.Point(nil), ps...)
		out[i] = other
		return out
	}
	changes := map[string]func(*dleq.Statement){
		"purpose":                  func(s *dleq.Statement) { s.Purpose = dleq.Drill },
		"chain":                    func(s *dleq.Statement) { s.ChainID += "x" },
		"election":                 func(s *dleq.Statement) { s.Election[31] ^= 1 },
		"context":                  func(s *dleq.Statement) { s.Context = []byte("group 1, contest 2, trustee 4") },
		"R":                        func(s *dleq.Statement) { s.R = other },
		"keys swapped":             func(s *dleq.Statement) { s.Keys = swap(s.Keys) },
		"shares swapped":           func(s *dleq.Statement) { s.Shares = swap(s.Shares) },
		"keys and shares swapped":  func(s *dleq.Statement) { s.Keys, s.Shares = swap(s.Keys), swap(s.Shares) },
		"last slot left out":       func(s *dleq.Statement) { s.Keys, s.Shares = s.Keys[:3], s.Shares[:3] },
		"a share is the identity":  func(s *dleq.Statement) { s.Shares = append([]group.Point{{}}, s.Shares[1:]...) },
		"two errors that cancel":   func(s *dleq.Statement) { s.Shares = cancelling(s.Shares, other) },
		"all shares doubled, by R": func(s *dleq.Statement) { s.R = s.R.Add(s.R) },
	}
	for i := range st.Keys {
		changes[fmt.Sprintf("key %d", i)] = func(s *dleq.Statement) { s.Keys = replace(s.Keys, i) }
		changes[fmt.Sprintf("share %d", i)] = func(s *dleq.Statement) { s.Shares = replace(s.Shares, i) }
	}
	for name, change := range changes {
		changed := st
		change(&changed)
		if err := dleq.Verify(changed, p); !errors.Is(err, dleq.ErrProof) {
			t.Errorf("%s: %v, want ErrProof", name, err)
		}
	}
}

// cancelling moves votes between two slots so that the plain sum stays.
func cancelling(ps []group.Point, by group.Point) []group.Point {
	out := append([]group.Point(nil), ps...)
	out[0], out[1] = out[0].Add(by), out[1].Sub(by)
	return out
}

func TestProveRefusesFalseStatement(t *testing.T) {
	st, secrets := fixture(3)
	st.Shares = cancelling(st.Shares, group.Basepoint())
	if _, err := dleq.Prove(rand.Reader, st, secrets); !errors.Is(err, dleq.ErrProof) {
		t.Errorf("false shares: %v", err)
	}
	if _, err := dleq.Prove(rand.Reader, st, secrets[:2]); !errors.Is(err, dleq.ErrStatement) {
		t.Errorf("missing secret: %v", err)
	}
	if _, err := dleq.Prove(iotest.ErrReader(errors.New("no entropy")), st, secrets); err == nil {
		t.Error("a proof was made without randomness")
	}
}

func TestMalformedStatementIsRefused(t *testing.T) {
	good, secrets := fixture(2)
	p := mustProve(t, good, secrets)
	for name, change := range map[string]func(*dleq.Statement){
		"no slots":        func(s *dleq.Statement) { s.Keys, s.Shares = nil, nil },
		"share missing":   func(s *dleq.Statement) { s.Shares = s.Shares[:1] },
		"identity as key": func(s *dleq.Statement) { s.Keys = []group.Point{s.Keys[0], {}} },
		"no purpose":      func(s *dleq.Statement) { s.Purpose = nil },
	} {
		st := good
		change(&st)
		if err := dleq.Verify(st, p); !errors.Is(err, dleq.ErrStatement) {
			t.Errorf("%s: %v, want ErrStatement", name, err)
		}
	}
}

func TestProofIsBoundInEveryByte(t *testing.T) {
	st, secrets := fixture(2)
	e := mustProve(t, st, secrets).Encode()
	for i := range e {
		spoiled := e
		spoiled[i] ^= 1 << (i % 8)
		if p, err := dleq.DecodeProof(spoiled[:]); err == nil && dleq.Verify(st, p) == nil {
			t.Errorf("byte %d may change", i)
		}
	}
}

func TestSameRandomnessForTwoStatementsGivesTwoNonces(t *testing.T) {
	st, secrets := fixture(2)
	fixed := func() *bytes.Reader { return bytes.NewReader(make([]byte, 64)) }
	a, err := dleq.Prove(fixed(), st, secrets)
	if err != nil {
		t.Fatal(err)
	}
	st.Context = []byte("another")
	b, err := dleq.Prove(fixed(), st, secrets)
	if err != nil {
		t.Fatal(err)
	}
	ea, eb := a.Encode(), b.Encode()
	if bytes.Equal(ea[:32], eb[:32]) {
		t.Error("the nonce was used twice")
	}
}

func TestDecodeRefusesMalformedProof(t *testing.T) {
	st, secrets := fixture(1)
	e := mustProve(t, st, secrets).Encode()
	bad := bytes.Repeat([]byte{0xff}, 32)
	at := func(i int) []byte {
		b := bytes.Clone(e[:])
		copy(b[32*i:], bad)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"empty": {nil, dleq.ErrLength}, "truncated": {e[:95], dleq.ErrLength}, "trailing byte": {append(e[:], 0), dleq.ErrLength},
		"T1": {at(0), group.ErrNotCanonical}, "T2": {at(1), group.ErrNotCanonical}, "s": {at(2), group.ErrNotCanonical},
	} {
		if _, err := dleq.DecodeProof(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestRandomFalseShareIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		st, secrets := fixture(n)
		p, err := dleq.Prove(rand.Reader, st, secrets)
		if err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "slot")
		delta := group.ScalarFromUint64(rapid.Uint64Min(1).Draw(t, "delta"))
		st.Shares[i] = st.Shares[i].Add(group.BaseMul(delta))
		if dleq.Verify(st, p) == nil {
			t.Fatal("a false share verifies")
		}
	})
}

type vector struct {
	Purpose  string   `json:"purpose"`
	ChainID  string   `json:"chain_id"`
	Election string   `json:"election"`
	Context  string   `json:"context"`
	R        string   `json:"r"`
	Keys     []string `json:"keys"`
	Shares   []string `json:"shares"`
	Proof    string   `json:"proof"`
	Class    string   `json:"class"`
	What     string   `json:"what"`
}

func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/dleq.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(raw, &vs); err != nil {
		t.Fatal(err)
	}
	if len(vs) < 6 {
		t.Fatalf("only %d vectors", len(vs))
	}
	for _, v := range vs {
		if got := v.class(t); got != v.Class {
			t.Errorf("%s: class %q, want %q", v.What, got, v.Class)
		}
	}
}

func (v vector) class(t *testing.T) string {
	purposes := map[string]*transcript.Label{dleq.Share.String(): dleq.Share, dleq.Drill.String(): dleq.Drill}
	st := dleq.Statement{Purpose: purposes[v.Purpose], ChainID: v.ChainID, Election: [32]byte(unhex(t, v.Election)), Context: unhex(t, v.Context), R: point(t, v.R)}
	for i := range v.Keys {
		st.Keys, st.Shares = append(st.Keys, point(t, v.Keys[i])), append(st.Shares, point(t, v.Shares[i]))
	}
	p, err := dleq.DecodeProof(unhex(t, v.Proof))
	if err == nil {
		err = dleq.Verify(st, p)
	}
	for name, class := range map[string]error{"length": dleq.ErrLength, "encoding": group.ErrNotCanonical, "statement": dleq.ErrStatement, "proof": dleq.ErrProof} {
		if errors.Is(err, class) {
			return name
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return "ok"
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func point(t *testing.T, s string) group.Point {
	t.Helper()
	p, err := group.DecodePoint(unhex(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func FuzzDecodeProof(f *testing.F) {
	st, secrets := fixture(1)
	e := mustProve(f, st, secrets).Encode()
	f.Add(e[:])
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := dleq.DecodeProof(in)
		if err != nil {
			return
		}
		if e := p.Encode(); !bytes.Equal(e[:], in) {
			t.Fatalf("%x decodes and encodes to %x", in, e)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{1, 16, 128} {
		st, secrets := fixture(n)
		p := mustProve(b, st, secrets)
		b.Run(fmt.Sprintf("%d slots", n), func(b *testing.B) {
			for b.Loop() {
				if dleq.Verify(st, p) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
