package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

var slots = []keyring.Slot{{Election: [32]byte{1}}, {Election: [32]byte{1}, Class: 1}, {Election: [32]byte{1}, Class: 1, Panel: 1}}

func newRing(t *testing.T) *keyring.Ring {
	t.Helper()
	var told atomic.Int32
	r, err := keyring.Make(context.Background(), slots, blindtoken.DefaultBits, 2, func(int) { told.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	if told.Load() != int32(len(slots)) {
		t.Fatalf("progress was told %d times", told.Load())
	}
	return r
}

func identityLock(t *testing.T) *keyring.Lock {
	t.Helper()
	file, err := keyring.NewIdentityFile()
	if err != nil {
		t.Fatal(err)
	}
	lock, err := keyring.IdentityLock(file)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestKeyFileOpensWithItsLockOnly(t *testing.T) {
	ring := newRing(t)
	phrase, err := keyring.PassphraseLock("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	other, err := keyring.PassphraseLock("correct horse batteri")
	if err != nil {
		t.Fatal(err)
	}
	for name, locks := range map[string][2]*keyring.Lock{
		"identity":   {identityLock(t), identityLock(t)},
		"passphrase": {phrase, other},
	} {
		file, err := ring.Seal(locks[0])
		if err != nil {
			t.Fatal(err)
		}
		again, err := keyring.Open(file, locks[0])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, slot := range slots {
			was, _ := ring.Key(slot)
			is, ok := again.Key(slot)
			if !ok || !is.Public().Equal(was.Public()) {
				t.Errorf("%s: key of %v changed", name, slot)
			}
		}
		if _, err := keyring.Open(file, locks[1]); !errors.Is(err, keyring.ErrLock) {
			t.Errorf("%s: another lock gives %v", name, err)
		}
		file[len(file)-1] ^= 1
		if _, err := keyring.Open(file, locks[0]); err == nil {
			t.Errorf("%s: a damaged file opens", name)
		}
	}
}

func TestOneModulusServesOneSlot(t *testing.T) {
	ring := newRing(t)
	if _, err := keyring.Join(ring, ring); err == nil {
		t.Fatal("the same keys twice are accepted")
	}
}

func TestRegistrationProvesItsKey(t *testing.T) {
	ring := newRing(t)
	operator, err := sign.GenerateKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ring.Registration("test-1", slots[2], 4, operator)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := envelope.Decode(raw, "test-1")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ledger.DecodeStrict[issuancev1.RegisterIssuerKey](tx.Body, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	public, err := blindtoken.DecodePublicKey(m.Modulus)
	if err != nil || m.Issuer != 4 || m.TokenClass != 1 || m.Panel != 1 || len(m.Roots) != blindtoken.Roots {
		t.Fatal(m, err)
	}
	scope := blindtoken.Scope{ChainID: "test-1", Election: slots[2].Election, Class: 1, Panel: 1}
	proof := bytes.Join(m.Roots, nil)
	if err := blindtoken.VerifyKey(public, blindtoken.KeyContext{Scope: scope, Issuer: operator.Public()}, proof); err != nil {
		t.Fatal(err)
	}
	again, err := ring.Registration("test-1", slots[2], 4, operator)
	if err != nil || !bytes.Equal(raw, again) {
		t.Fatalf("made again, the registration differs (%v)", err)
	}
	if _, err := ring.Registration("test-1", keyring.Slot{Class: 9}, 0, operator); err == nil {
		t.Fatal("a slot without a key is published")
	}
}

func TestKeysAndLockPrintAsRedactions(t *testing.T) {
	if out := fmt.Sprintf("%v %#v", newRing(t), identityLock(t)); out != "[token keys] [lock of token keys]" {
		t.Fatal(out)
	}
}

func TestShortPassphraseIsRefused(t *testing.T) {
	if _, err := keyring.PassphraseLock("short"); err == nil {
		t.Fatal("accepted")
	}
	if _, err := keyring.IdentityLock([]byte("not an identity")); err == nil {
		t.Fatal("accepted")
	}
}

// A crash in the middle of a destruction leaves a file that is not taken for
// keys, and the next try ends it.
func TestDestructionOfAFileEndsAfterACrash(t *testing.T) {
	dir := t.TempDir()
	file, err := keyring.NewIdentityFile()
	if err != nil {
		t.Fatal(err)
	}
	keeper := keyring.NewFiles(dir, func() (*keyring.Lock, error) { return keyring.IdentityLock(file) })
	id := [32]byte{1}
	if _, err := keeper.Make(context.Background(), id, slots[:1], blindtoken.DefaultBits, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(keeper.Path(id), keeper.Path(id)+".destroyed"); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Load(id); !errors.Is(err, keyring.ErrNone) {
		t.Fatal(err)
	}
	if err := keeper.Destroy(id); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Fatal(left, err)
	}
	if err := keeper.Destroy(id); !errors.Is(err, keyring.ErrNone) {
		t.Fatal(err)
	}
}
