package sealbox_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/crypto/sealbox"
)

func derived(t testing.TB, first byte) *sealbox.PrivateKey {
	t.Helper()
	k, err := sealbox.DeriveKey(append([]byte{first}, make([]byte, 40)...))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOnlyTheReceiverOpensAndOnlyInItsPlace(t *testing.T) {
	k := derived(t, 1)
	message, info := []byte("the shares"), []byte("place")
	box, err := k.Public().Seal(info, message)
	if err != nil {
		t.Fatal(err)
	}
	if len(box) != len(message)+sealbox.Overhead {
		t.Fatalf("box of %d bytes", len(box))
	}
	got, err := k.Open(info, box)
	if err != nil || !bytes.Equal(got, message) {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := derived(t, 2).Open(info, box); !errors.Is(err, sealbox.ErrOpen) {
		t.Errorf("another key: %v", err)
	}
	if _, err := k.Open([]byte("plac"), box); !errors.Is(err, sealbox.ErrOpen) {
		t.Errorf("another place: %v", err)
	}
	for i := 0; i < len(box); i += 7 {
		bad := bytes.Clone(box)
		bad[i] ^= 1
		if _, err := k.Open(info, bad); !errors.Is(err, sealbox.ErrOpen) {
			t.Fatalf("bit of byte %d: %v", i, err)
		}
	}
	for _, bad := range [][]byte{nil, box[:len(box)-1], box[:sealbox.Overhead-1], append(bytes.Clone(box), 0)} {
		if _, err := k.Open(info, bad); !errors.Is(err, sealbox.ErrOpen) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestOneSeedGivesOneKey(t *testing.T) {
	if !bytes.Equal(derived(t, 1).Public().Encode(), derived(t, 1).Public().Encode()) {
		t.Error("the same seed gives two keys")
	}
	if bytes.Equal(derived(t, 1).Public().Encode(), derived(t, 2).Public().Encode()) {
		t.Error("two seeds give one key")
	}
	if _, err := sealbox.DeriveKey(make([]byte, 31)); !errors.Is(err, sealbox.ErrKey) {
		t.Error(err)
	}
	a, err := sealbox.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	b, err := sealbox.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Public().Encode(), b.Public().Encode()) {
		t.Error("the same key was generated twice")
	}
}

func TestEveryKeyHasOneSpelling(t *testing.T) {
	good := derived(t, 3).Public().Encode()
	back, err := sealbox.DecodePublicKey(good)
	if err != nil || !bytes.Equal(back.Encode(), good) {
		t.Fatal(err)
	}
	curve := func(h string) []byte {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		return append(bytes.Clone(good[:len(good)-32]), b...)
	}
	ff := func(first, last string) []byte {
		return curve(first + string(bytes.Repeat([]byte("ff"), 30)) + last)
	}
	lattice := bytes.Clone(good)
	lattice[0], lattice[1] = 0xff, 0xff // a coefficient of 4,095, above 3,328
	high := bytes.Clone(good)
	high[len(high)-1] |= 0x80
	for name, b := range map[string][]byte{
		"empty":                     nil,
		"short":                     good[1:],
		"long":                      append(bytes.Clone(good), 0),
		"coefficient not reduced":   lattice,
		"highest bit":               high,
		"p":                         ff("ed", "7f"),
		"p + 9":                     ff("f6", "7f"),
		"2^255 - 1":                 ff("ff", "7f"),
		"zero":                      curve(fmt.Sprintf("%064d", 0)),
		"one":                       curve("01" + fmt.Sprintf("%062d", 0)),
		"p - 1, of order 4":         ff("ec", "7f"),
		"a point of order 8":        curve("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
		"the other point, order 8":  curve("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
		"2^256 - 1":                 ff("ff", "ff"),
		"p with the highest bit on": ff("ed", "ff"),
	} {
		if _, err := sealbox.DecodePublicKey(b); !errors.Is(err, sealbox.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sealbox.DecodePublicKey(ff("eb", "7f")); err != nil {
		t.Errorf("p - 2 is a reduced number: %v", err)
	}
}

func TestPrivateKeyPrintsNothing(t *testing.T) {
	k := derived(t, 4)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{k, *k} {
			if got := fmt.Sprintf(verb, v); got != "[HPKE private key]" {
				t.Errorf("%s prints %q", verb, got)
			}
		}
	}
}

func FuzzDecodePublicKey(f *testing.F) {
	f.Add(derived(f, 5).Public().Encode())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := sealbox.DecodePublicKey(b)
		if err != nil {
			return
		}
		if !bytes.Equal(k.Encode(), b) {
			t.Fatal("decoded key encodes to other bytes")
		}
		if _, err := k.Seal(nil, nil); err != nil {
			t.Fatalf("cannot seal to a decoded key: %v", err)
		}
	})
}

func FuzzOpenNeverPanics(f *testing.F) {
	k := derived(f, 6)
	f.Add(make([]byte, sealbox.Overhead))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := k.Open([]byte("info"), b); err == nil {
			t.Fatal("a box nobody sealed opens")
		}
	})
}
