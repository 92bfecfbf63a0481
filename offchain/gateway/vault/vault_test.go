package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/vault"
)

func key(t *testing.T, fill byte) vault.Key {
	t.Helper()
	k, err := vault.NewKey(bytes.NewReader(bytes.Repeat([]byte{fill}, vault.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedValueOpensForItsPurposeAndIDOnly(t *testing.T) {
	k := key(t, 1)
	sealed := k.Seal("people/phone", []byte("id"), []byte("+7 900 000-00-00"))
	plain, err := k.Open("people/phone", []byte("id"), sealed)
	if err != nil || string(plain) != "+7 900 000-00-00" || len(sealed) != len(plain)+vault.Overhead {
		t.Fatal(string(plain), err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another key":     func() ([]byte, error) { return key(t, 2).Open("people/phone", []byte("id"), sealed) },
		"another purpose": func() ([]byte, error) { return k.Open("people/mail", []byte("id"), sealed) },
		"another id":      func() ([]byte, error) { return k.Open("people/phone", []byte("ie"), sealed) },
		"a moved border":  func() ([]byte, error) { return k.Open("people/phonei", []byte("d"), sealed) },
		"another version": func() ([]byte, error) { return k.Open("people/phone", []byte("id"), append([]byte{2}, sealed[1:]...)) },
		"nothing":         func() ([]byte, error) { return k.Open("people/phone", []byte("id"), nil) },
		"a piece":         func() ([]byte, error) { return k.Open("people/phone", []byte("id"), sealed[:vault.Overhead-1]) },
		"a byte too many": func() ([]byte, error) { return k.Open("people/phone", []byte("id"), append(bytes.Clone(sealed), 0)) },
		"the index's word": func() ([]byte, error) {
			i := k.Index("people/phone", "x")
			return k.Open("people/phone", []byte("id"), i[:])
		},
	} {
		if plain, err := open(); !errors.Is(err, vault.ErrSealed) || plain != nil {
			t.Errorf("%s: opens to %q, %v", name, plain, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := k.Open("people/phone", []byte("id"), changed); !errors.Is(err, vault.ErrSealed) {
			t.Fatalf("byte %d may be changed", i)
		}
	}
}

func TestSealingTwiceLooksDifferent(t *testing.T) {
	k := key(t, 1)
	a, b := k.Seal("p", nil, []byte("same")), k.Seal("p", nil, []byte("same"))
	if bytes.Equal(a, b) {
		t.Fatal("equal values show as equal")
	}
}

// The value was computed apart, from the formulas of the package's comment.
func TestIndexFollowsItsFormula(t *testing.T) {
	k := key(t, 1)
	const want = "836ab358fadac0766b6e90bc01c05a12d16354d82ee3df86a1dd56b6a1e30402"
	if got := k.Index("phone", "+79000000000"); hex.EncodeToString(got[:]) != want {
		t.Fatalf("index %x, want %s", got, want)
	}
	if k.Index("phone", "a") == k.Index("mail", "a") || k.Index("phone", "a") == key(t, 2).Index("phone", "a") {
		t.Fatal("an index does not depend on its purpose and key")
	}
}

// Sealed elsewhere, by the formulas of the package's comment.
func TestSealedValueOfAnotherProgramOpens(t *testing.T) {
	sealed, err := hex.DecodeString("01000102030405060708090a0b17eecb6389aad6b8d404e22bf3cf26d26163a59f32")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := key(t, 1).Open("people/phone", []byte("id"), sealed)
	if err != nil || string(plain) != "hello" {
		t.Fatal(string(plain), err)
	}
}

func TestKeyShowsNothing(t *testing.T) {
	k := key(t, 0x5a)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, text := range []string{fmt.Sprintf(verb, k), fmt.Sprintf(verb, &k), fmt.Sprintf(verb, struct{ K vault.Key }{k}), fmt.Sprintf(verb, struct{ k vault.Key }{k})} {
			if strings.Contains(text, "5a5a") || strings.Contains(text, "90 90") || strings.Contains(text, "ZZ") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func TestKeyFileIsReadBackAndNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.key")
	k, err := vault.CreateKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.LoadKey(path)
	if err != nil || !again.Equal(k) || again.Equal(key(t, 1)) {
		t.Fatal("the key is not read back", err)
	}
	if _, err := vault.CreateKey(path, rand.Reader); !errors.Is(err, os.ErrExist) {
		t.Fatalf("a key is overwritten: %v", err)
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	good := strings.Repeat("0a", vault.KeySize) + "\n"
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"others read it": {good, 0o640, "chmod 600"},
		"short":          {good[2:], 0o600, "64 hex digits"},
		"long":           {"0a" + good, 0o600, "64 hex digits"},
		"upper case":     {strings.ToUpper(good), 0o600, "lower-case"},
		"no digits":      {strings.Replace(good, "0a", "xy", 1), 0o600, "lower-case"},
		"no line's end":  {good[:2*vault.KeySize] + " ", 0o600, "lower-case"},
	} {
		path := filepath.Join(t.TempDir(), "vault.key")
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.LoadKey(path); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "0a0a") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := vault.LoadKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func BenchmarkSealOpen(b *testing.B) {
	k, err := vault.NewKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Open("p", []byte("id"), k.Seal("p", []byte("id"), make([]byte, 200))); err != nil {
			b.Fatal(err)
		}
	}
}
