package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/sign"
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

type speccheckCase struct {
	Case                             int
	What, Message, Public, Signature string
	Ledger                           string
	ZIP215                           bool
}

func speccheck(t *testing.T) ([]speccheckCase, []sign.Item) {
	var v struct{ Cases []speccheckCase }
	readVectors(t, "speccheck.json", &v)
	if len(v.Cases) != 12 {
		t.Fatalf("%d cases, want 12", len(v.Cases))
	}
	items := make([]sign.Item, len(v.Cases))
	for i, c := range v.Cases {
		items[i] = sign.Item{Public: [32]byte(unhex(t, c.Public)), Message: unhex(t, c.Message), Signature: [64]byte(unhex(t, c.Signature))}
	}
	return v.Cases, items
}

func TestTwelveVectorsOfTamingTheManyEdDSAs(t *testing.T) {
	cases, items := speccheck(t)
	class := map[string]error{"ok": nil, "key": sign.ErrKey, "signature": sign.ErrSignature}
	var wantBad []int
	for i, c := range cases {
		want, known := class[c.Ledger]
		if !known {
			t.Fatalf("case %d expects unknown class %q", c.Case, c.Ledger)
		}
		if err := sign.Verify(items[i]); !errors.Is(err, want) {
			t.Errorf("case %d (%s): %v, want %v", c.Case, c.What, err, want)
		}
		if got := sign.VerifyZIP215(items[i].Public[:], items[i].Message, items[i].Signature[:]); got != c.ZIP215 {
			t.Errorf("case %d (%s): ZIP-215 says %v, want %v", c.Case, c.What, got, c.ZIP215)
		}
		if want != nil {
			wantBad = append(wantBad, i)
		}
	}
	if bad := sign.VerifyBatch(rand.Reader, items); !slices.Equal(bad, wantBad) {
		t.Errorf("batch names %v, want %v", bad, wantBad)
	}
}

// The vectors of mixed order are where a batch and a single check part ways
// in other rules: each must stand in a batch of any company.
func TestSingleAndBatchAgreeOnEveryVectorInEveryCompany(t *testing.T) {
	_, items := speccheck(t)
	good := signedItem(t, 1)
	for i, item := range items {
		single := sign.Verify(item) == nil
		engine := sign.VerifyZIP215(item.Public[:], item.Message, item.Signature[:])
		for _, n := range []int{2, 3, 64, 120} {
			batch := make([]sign.Item, n)
			for j := range batch {
				batch[j] = good
				if j%2 == 1 {
					batch[j] = item
				}
			}
			bad := sign.VerifyBatch(rand.Reader, batch)
			if single && bad != nil || !single && len(bad) != n/2 {
				t.Errorf("case %d alone: %v; in a batch of %d bad are %v", i, single, n, bad)
			}
			bad = sign.VerifyZIP215Batch(rand.Reader, batch)
			if engine && bad != nil || !engine && len(bad) != n/2 {
				t.Errorf("case %d alone by the engine's rule: %v; in a batch of %d bad are %v", i, engine, n, bad)
			}
		}
	}
}

func signedItem(t rapid.TB, i int) sign.Item {
	key := sign.NewPrivateKey([32]byte{byte(i), byte(i >> 8), 1})
	msg := fmt.Appendf(nil, "urna/v1/test message %d", i)
	return sign.Item{Public: key.Public(), Message: msg, Signature: key.Sign(msg)}
}

func TestEverySmallOrderKeyIsRefused(t *testing.T) {
	var v struct {
		Encodings []struct {
			Encoding  string
			Canonical bool
		}
	}
	readVectors(t, "small_order.json", &v)
	if len(v.Encodings) != 14 {
		t.Fatalf("%d encodings, want 14", len(v.Encodings))
	}
	for _, e := range v.Encodings {
		pub := [32]byte(unhex(t, e.Encoding))
		if err := sign.CheckPublicKey(pub); !errors.Is(err, sign.ErrKey) {
			t.Errorf("key %s: %v", e.Encoding, err)
		}
		// s = 0 and R = any small-order point is what such a key accepts elsewhere.
		for _, r := range v.Encodings {
			item := sign.Item{Public: pub, Message: []byte("m"), Signature: [64]byte(append(unhex(t, r.Encoding), make([]byte, 32)...))}
			if err := sign.Verify(item); !errors.Is(err, sign.ErrKey) {
				t.Errorf("key %s: %v", e.Encoding, err)
			}
			if bad := sign.VerifyBatch(rand.Reader, []sign.Item{signedItem(t, 1), item}); !slices.Equal(bad, []int{1}) {
				t.Errorf("batch with key %s: bad %v", e.Encoding, bad)
			}
		}
	}
}

func TestSignatureHasOneSpelling(t *testing.T) {
	item := signedItem(t, 3)
	// s + q still satisfies the equation and must not be a second signature.
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	twin, carry := item, 0
	for i := range 32 {
		sum := int(twin.Signature[32+i]) + int(order[i]) + carry
		twin.Signature[32+i], carry = byte(sum), sum>>8
	}
	if err := sign.Verify(twin); !errors.Is(err, sign.ErrSignature) {
		t.Errorf("s + q: %v", err)
	}
	if bad := sign.VerifyBatch(rand.Reader, []sign.Item{item, twin}); !slices.Equal(bad, []int{1}) {
		t.Errorf("batch with s + q: bad %v", bad)
	}
}

func TestSignaturesMatchRFC8032(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
		msg := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
		key, std := sign.NewPrivateKey(seed), ed25519.NewKeyFromSeed(seed[:])
		pub, sig := key.Public(), key.Sign(msg)
		if !bytes.Equal(pub[:], std.Public().(ed25519.PublicKey)) || !bytes.Equal(sig[:], ed25519.Sign(std, msg)) {
			t.Fatal("key or signature differs from RFC 8032")
		}
		if err := sign.CheckPublicKey(pub); err != nil {
			t.Fatal(err)
		}
		if err := sign.Verify(sign.Item{Public: pub, Message: msg, Signature: sig}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBatchNamesExactlyTheBadSignatures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 24).Draw(t, "n")
		items, want := make([]sign.Item, n), []int(nil)
		for i := range items {
			items[i] = signedItem(t, i)
			if rapid.IntRange(0, 5).Draw(t, "spoil") == 0 {
				switch rapid.IntRange(0, 2).Draw(t, "how") {
				case 0:
					items[i].Message = append([]byte("x"), items[i].Message...)
				case 1:
					items[i].Signature[rapid.IntRange(0, 63).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
				case 2:
					items[i].Public = signedItem(t, i+1000).Public
				}
				want = append(want, i)
			}
		}
		if bad := sign.VerifyBatch(rand.Reader, items); !slices.Equal(bad, want) {
			t.Fatalf("bad %v, want %v", bad, want)
		}
	})
}

// TestCulpritsAreNamedInEveryPartOfALargeBatch spoils items at the ends of the
// parts in which a failed batch is judged, in both ways: before any equation
// and by the equation only.
func TestCulpritsAreNamedInEveryPartOfALargeBatch(t *testing.T) {
	const n = 100
	var all []int
	for i := range n {
		all = append(all, i)
	}
	for _, want := range [][]int{{0}, {31}, {32}, {63, 64}, {95, 96}, {99}, {0, 31, 32, 63, 64, 99}, all} {
		for _, malformed := range []bool{false, true} {
			items := make([]sign.Item, n)
			for i := range items {
				items[i] = signedItem(t, i)
			}
			for _, i := range want {
				if malformed {
					items[i].Signature[63] |= 0xf0
				} else {
					items[i].Message = append(items[i].Message, 'x')
				}
			}
			if bad := sign.VerifyBatch(rand.Reader, items); !slices.Equal(bad, want) {
				t.Errorf("malformed %t: bad %v, want %v", malformed, bad, want)
			}
		}
	}
}

func TestBatchVerdictStandsWithoutRandomness(t *testing.T) {
	items := []sign.Item{signedItem(t, 1), signedItem(t, 2), signedItem(t, 3)}
	items[2].Message = []byte("another")
	if bad := sign.VerifyBatch(iotest.ErrReader(errors.New("no entropy")), items); !slices.Equal(bad, []int{2}) {
		t.Errorf("bad %v, want [2]", bad)
	}
}

func TestPrivateKeyNeverPrintsItself(t *testing.T) {
	key := sign.NewPrivateKey([32]byte(bytes.Repeat([]byte{0xab}, 32)))
	js, _ := json.Marshal(key)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %x %s", key, key, key, key, key), fmt.Sprintf("%+v", struct{ K sign.PrivateKey }{key}), string(js)} {
		if strings.Contains(text, "abab") || strings.Contains(text, "171") || strings.Contains(text, "q6ur") {
			t.Errorf("printed %q", text)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	items := make([]sign.Item, 256)
	for i := range items {
		items[i] = signedItem(&testing.T{}, i)
	}
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			if sign.Verify(items[0]) != nil {
				b.Fatal("refused")
			}
		}
	})
	b.Run("batch of 256", func(b *testing.B) {
		for b.Loop() {
			if sign.VerifyBatch(rand.Reader, items) != nil {
				b.Fatal("refused")
			}
		}
	})
	// What a sender of spoiled signatures can make a node do.
	for i := range items {
		items[i].Message = append(items[i].Message, 'x')
	}
	b.Run("batch of 256, all spoiled", func(b *testing.B) {
		for b.Loop() {
			if len(sign.VerifyBatch(rand.Reader, items)) != len(items) {
				b.Fatal("accepted")
			}
		}
	})
}

func TestGeneratedKeySignsAndNeedsRandomness(t *testing.T) {
	a, err := sign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if a.Public() == b.Public() {
		t.Error("two generated keys are equal")
	}
	if err := sign.Verify(sign.Item{Public: a.Public(), Message: []byte("m"), Signature: a.Sign([]byte("m"))}); err != nil {
		t.Error(err)
	}
	if _, err := sign.GenerateKey(iotest.ErrReader(errors.New("no entropy"))); err == nil {
		t.Error("a key was made without randomness")
	}
	if sign.VerifyZIP215(make([]byte, 31), nil, make([]byte, 64)) || sign.VerifyZIP215(make([]byte, 32), nil, make([]byte, 63)) {
		t.Error("ZIP-215 accepts a wrong length")
	}
}
