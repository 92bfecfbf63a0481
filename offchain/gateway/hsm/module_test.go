//go:build cgo

package hsm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/hsm"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

const (
	tokenLabel = "issuer"
	userPIN    = "123456"
	soPIN      = "87654321"
)

var (
	electionID = [32]byte{1}
	slots      = []keyring.Slot{{Election: electionID}, {Election: electionID, Class: 1, Panel: 1}}
)

// device is an emulated module with one token, and a second way to it.
type device struct {
	t       *testing.T
	library string
	other   *pkcs11.Ctx
}

// modules runs a test with a token in a directory of the test, if the variable
// URNA_TEST_PKCS11 names a library (SoftHSM's). Without one it checks that the
// lack of a library is told.
func modules(t *testing.T, run func(t *testing.T, d *device)) {
	t.Helper()
	library := os.Getenv("URNA_TEST_PKCS11")
	if library == "" {
		missing := filepath.Join(t.TempDir(), "library.so")
		if _, err := hsm.Open(hsm.Config{Library: missing, Token: tokenLabel, PIN: userPIN}); err == nil || !strings.Contains(err.Error(), missing) {
			t.Fatalf("a library that is not there: %v", err)
		}
		return
	}
	t.Run("module", func(t *testing.T) { run(t, newDevice(t, library)) })
}

// keepers runs a test with each keeper of token keys. What open gives again are
// the same keys, as after a restart or at a replica.
func keepers(t *testing.T, run func(t *testing.T, open func() keyring.Keeper)) {
	t.Helper()
	t.Run("files", func(t *testing.T) {
		dir := t.TempDir()
		identity, err := keyring.NewIdentityFile()
		must(t, err)
		run(t, func() keyring.Keeper {
			return keyring.NewFiles(dir, func() (*keyring.Lock, error) { return keyring.IdentityLock(identity) })
		})
	})
	modules(t, func(t *testing.T, d *device) { run(t, d.open) })
}

func newDevice(t *testing.T, library string) *device {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
	must(t, os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n", dir), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	d := &device{t: t, library: library, other: pkcs11.New(library)}
	must(t, d.other.Initialize())
	t.Cleanup(func() {
		_ = d.other.Finalize() // a test may have ended it
		d.other.Destroy()
	})
	list, err := d.other.GetSlotList(true)
	must(t, err)
	must(t, d.other.InitToken(list[0], soPIN, tokenLabel))
	h := d.session()
	must(t, d.other.Login(h, pkcs11.CKU_SO, soPIN))
	must(t, d.other.InitPIN(h, userPIN))
	must(t, d.other.Logout(h))
	must(t, d.other.CloseSession(h))
	return d
}

func (d *device) slot() uint {
	d.t.Helper()
	list, err := d.other.GetSlotList(true)
	must(d.t, err)
	for _, s := range list {
		if info, err := d.other.GetTokenInfo(s); err == nil && info.Label == tokenLabel {
			return s
		}
	}
	d.t.Fatal("no token")
	return 0
}

func (d *device) session() pkcs11.SessionHandle {
	d.t.Helper()
	h, err := d.other.OpenSession(d.slot(), pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	must(d.t, err)
	return h
}

func (d *device) open() keyring.Keeper {
	d.t.Helper()
	k, err := hsm.Open(hsm.Config{Library: d.library, Token: tokenLabel, PIN: userPIN, Sessions: 3})
	must(d.t, err)
	d.t.Cleanup(func() { _ = k.Close() })
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func made(t *testing.T, k keyring.Keeper) *keyring.Ring {
	t.Helper()
	ring, err := k.Make(context.Background(), electionID, slots, blindtoken.DefaultBits, nil)
	must(t, err)
	return ring
}

func scopeOf(s keyring.Slot) blindtoken.Scope {
	return issuance.Scope("test-1", s.Election, s.Class, s.Panel)
}

// token asks a key for a blind signature and checks what it gives.
func token(t *testing.T, ring *keyring.Ring, slot keyring.Slot, secret byte) (blinded, answer []byte) {
	t.Helper()
	key, ok := ring.Key(slot)
	if !ok {
		t.Fatalf("no key for %v", slot)
	}
	s, err := blindtoken.SecretFromBytes(bytes.Repeat([]byte{secret}, 32))
	must(t, err)
	request, err := blindtoken.Blind(s, scopeOf(slot), key.Public())
	must(t, err)
	answer, err = key.Sign(request.Blinded())
	must(t, err)
	_, err = request.Finalize(answer)
	must(t, err)
	return request.Blinded(), answer
}

func TestAKeySignsBlindlyAndAlwaysTheSame(t *testing.T) {
	keepers(t, func(t *testing.T, open func() keyring.Keeper) {
		k := open()
		ring := made(t, k)
		_, first := token(t, ring, slots[0], 1)
		again, err := k.Load(electionID)
		must(t, err)
		if _, second := token(t, again, slots[0], 1); !bytes.Equal(first, second) {
			t.Fatal("two answers to one message")
		}
		if _, other := token(t, ring, slots[1], 1); bytes.Equal(first, other) {
			t.Fatal("two slots sign with one key")
		}
		key, _ := ring.Key(slots[0])
		for name, bad := range map[string][]byte{"short": {1}, "zero": make([]byte, 256), "modulus": key.Public().Encode()} {
			if _, err := key.Sign(bad); !errors.Is(err, blindtoken.ErrEncoding) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAKeyProvesItselfWhereverItIsKept(t *testing.T) {
	keepers(t, func(t *testing.T, open func() keyring.Keeper) {
		ring := made(t, open())
		operator := sign.NewPrivateKey([32]byte{5})
		raw, err := ring.Registration("test-1", slots[1], 2, operator)
		must(t, err)
		tx, err := envelope.Decode(raw, "test-1")
		must(t, err)
		m, err := ledger.DecodeStrict[issuancev1.RegisterIssuerKey](tx.Body, issuance.MaxRegisterBytes)
		must(t, err)
		must(t, issuance.ValidateRegisterIssuerKey(m))
		must(t, issuance.KeyProofOf("test-1", m, operator.Public()).Verify())
	})
}

func TestAKeyDoesNotLeaveTheModule(t *testing.T) {
	modules(t, func(t *testing.T, d *device) {
		ring := made(t, d.open())
		identity, err := keyring.NewIdentityFile()
		must(t, err)
		lock, err := keyring.IdentityLock(identity)
		must(t, err)
		if _, err := ring.Seal(lock); err == nil {
			t.Error("sealed into a file")
		}
		h := d.session()
		must(t, d.other.FindObjectsInit(h, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, hsm.Label)}))
		found, _, err := d.other.FindObjects(h, 10)
		must(t, err)
		must(t, d.other.FindObjectsFinal(h))
		if len(found) != len(slots) {
			t.Fatalf("%d objects for %d keys", len(found), len(slots))
		}
		for _, o := range found {
			for _, attribute := range []uint{pkcs11.CKA_PRIVATE_EXPONENT, pkcs11.CKA_PRIME_1} {
				if _, err := d.other.GetAttributeValue(h, o, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)}); err == nil {
					t.Errorf("attribute %x can be read", attribute)
				}
			}
		}
		key, _ := ring.Key(slots[0])
		if out := fmt.Sprintf("%v %+v %s %#v", key, key, hsm.PIN(userPIN), hsm.Config{PIN: userPIN}); strings.Contains(out, userPIN) {
			t.Error(out)
		}
	})
}

func TestKeysThatAreThereStay(t *testing.T) {
	keepers(t, func(t *testing.T, open func() keyring.Keeper) {
		k := open()
		first, _ := made(t, k).Key(slots[0])
		if _, err := k.Make(context.Background(), electionID, slots, blindtoken.DefaultBits, nil); !errors.Is(err, keyring.ErrExists) {
			t.Fatal(err)
		}
		if _, err := k.Load([32]byte{9}); !errors.Is(err, keyring.ErrNone) {
			t.Fatal(err)
		}
		must(t, k.Close())
		again, err := open().All()
		must(t, err)
		if is, _ := again.Key(slots[0]); !is.Public().Equal(first.Public()) {
			t.Fatal("another key after a restart")
		}
	})
}

func TestLostSessionsAndLogInsAreMadeAgain(t *testing.T) {
	modules(t, func(t *testing.T, d *device) {
		ring := made(t, d.open())
		_, want := token(t, ring, slots[0], 1)
		for name, lose := range map[string]func(){
			"sessions": func() { must(t, d.other.CloseAllSessions(d.slot())) },
			"log-in":   func() { must(t, d.other.Logout(d.session())) },
			"library":  func() { must(t, d.other.Finalize()) },
		} {
			lose()
			if _, got := token(t, ring, slots[0], 1); !bytes.Equal(got, want) {
				t.Errorf("%s lost: another answer", name)
			}
		}
	})
}

func TestARefusedPINIsNotTriedAgain(t *testing.T) {
	modules(t, func(t *testing.T, d *device) {
		if _, err := hsm.Open(hsm.Config{Library: d.library, Token: tokenLabel, PIN: "000000"}); err == nil || strings.Contains(err.Error(), "000000") {
			t.Fatal(err)
		}
		if _, err := hsm.Open(hsm.Config{Library: d.library, Token: "another", PIN: userPIN}); err == nil {
			t.Fatal("a token that is not there")
		}
		ring := made(t, d.open())
		h := d.session()
		must(t, d.other.SetPIN(h, userPIN, "654321"))
		must(t, d.other.CloseAllSessions(d.slot()))
		key, _ := ring.Key(slots[0])
		message := append([]byte{0}, bytes.Repeat([]byte{7}, 255)...)
		if _, err := key.Sign(message); !errors.Is(err, keyring.ErrAway) {
			t.Fatal(err)
		}
		h = d.session()
		must(t, d.other.Login(h, pkcs11.CKU_USER, "654321"))
		must(t, d.other.SetPIN(h, "654321", userPIN))
		must(t, d.other.CloseAllSessions(d.slot()))
		if _, err := key.Sign(message); !errors.Is(err, keyring.ErrAway) {
			t.Fatalf("the PIN was tried again: %v", err)
		}
	})
}

func TestDestroyedKeysAreGoneAndOthersStay(t *testing.T) {
	keepers(t, func(t *testing.T, open func() keyring.Keeper) {
		k := open()
		ring := made(t, k)
		other := keyring.Slot{Election: [32]byte{2}}
		_, err := k.Make(context.Background(), other.Election, []keyring.Slot{other}, blindtoken.DefaultBits, nil)
		must(t, err)
		place, err := k.Place(electionID)
		must(t, err)
		if (place.Kind == "file") == (len(place.SHA256) == 0) || place.Where == "" {
			t.Fatal(place)
		}
		must(t, k.Destroy(electionID))
		if err := k.Destroy(electionID); !errors.Is(err, keyring.ErrNone) {
			t.Fatal(err)
		}
		if key, _ := ring.Key(slots[0]); place.Kind == "module" {
			if _, err := key.Sign(append([]byte{0}, bytes.Repeat([]byte{7}, 255)...)); err == nil {
				t.Fatal("a destroyed key signs")
			}
		}
		all, err := k.All()
		must(t, err)
		token(t, all, other, 1)
		if len(all.Slots()) != 1 {
			t.Fatal(all.Slots())
		}
	})
}

// Replicas of a gateway share the module, and each has more requests than the
// module is given sessions.
func TestReplicasAndConcurrentRequestsShareTheKeys(t *testing.T) {
	keepers(t, func(t *testing.T, open func() keyring.Keeper) {
		first := made(t, open())
		second, err := open().Load(electionID)
		must(t, err)
		var wg sync.WaitGroup
		answers := make([][]byte, 32)
		for i := range answers {
			wg.Go(func() {
				ring := []*keyring.Ring{first, second}[i%2]
				key, _ := ring.Key(slots[0])
				for range 4 {
					answer, err := key.Sign(append([]byte{0}, bytes.Repeat([]byte{7}, 255)...))
					if err != nil || (answers[i] != nil && !bytes.Equal(answer, answers[i])) {
						t.Error(err)
					}
					answers[i] = answer
				}
			})
		}
		wg.Wait()
		for _, a := range answers[1:] {
			if !bytes.Equal(a, answers[0]) {
				t.Fatal("answers differ")
			}
		}
	})
}
