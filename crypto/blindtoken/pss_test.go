package blindtoken_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"hash"
	"math/big"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

// encoding is EMSA-PSS-ENCODE of RFC 8017, 9.1.1, for 2,047 bits, with places
// to deviate from it.
type encoding struct {
	salt    []byte
	hash    func() hash.Hash
	mask    func() hash.Hash
	spoilDB func(db []byte) // before it is masked
	spoilEM func(em []byte)
}

func (e encoding) of(message []byte) []byte {
	sum := func(h hash.Hash, parts ...[]byte) []byte {
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	digest := sum(e.hash(), message)
	h := sum(e.hash(), make([]byte, 8), digest, e.salt)
	db := make([]byte, 256-len(h)-1)
	copy(db[len(db)-len(e.salt):], e.salt)
	db[len(db)-len(e.salt)-1] = 1
	if e.spoilDB != nil {
		e.spoilDB(db)
	}
	var mask []byte
	for counter := byte(0); len(mask) < len(db); counter++ {
		mask = append(mask, sum(e.mask(), h, []byte{0, 0, 0, counter})...)
	}
	for i := range db {
		db[i] ^= mask[i]
	}
	db[0] &= 0x7f
	em := slices.Concat(db, h, []byte{0xbc})
	if e.spoilEM != nil {
		e.spoilEM(em)
	}
	return em
}

// TestEveryRuleOfPSSIsKeptByAllVerifiers signs encodings that break one rule
// each, which only the holder of the key can do.
func TestEveryRuleOfPSSIsKeptByAllVerifiers(t *testing.T) {
	k := keys(t)[0]
	der, err := k.RevealPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	private := parsed.(*rsa.PrivateKey)
	message := scope().Message([32]byte{9})
	salt := make([]byte, 48)
	if _, err := rand.Read(salt); err != nil {
		t.Fatal(err)
	}
	right := encoding{salt: salt, hash: sha512.New384, mask: sha512.New384}
	with := func(change func(*encoding)) encoding {
		e := right
		change(&e)
		return e
	}
	const zeros = 207 - 49
	cases := map[string]encoding{
		"right":             right,
		"salt of 47 bytes":  with(func(e *encoding) { e.salt = salt[:47] }),
		"salt of 49 bytes":  with(func(e *encoding) { e.salt = append(slices.Clone(salt), 1) }),
		"no salt":           with(func(e *encoding) { e.salt = nil }),
		"SHA-512":           with(func(e *encoding) { e.hash, e.mask = sha512.New, sha512.New }),
		"SHA-256":           with(func(e *encoding) { e.hash, e.mask = sha256.New, sha256.New }),
		"mask of SHA-256":   with(func(e *encoding) { e.mask = sha256.New }),
		"another trailer":   with(func(e *encoding) { e.spoilEM = func(em []byte) { em[255] = 0xcc } }),
		"highest bit":       with(func(e *encoding) { e.spoilEM = func(em []byte) { em[0] |= 0x80 } }),
		"first zero is one": with(func(e *encoding) { e.spoilDB = func(db []byte) { db[0] = 1 } }),
		"last zero is one":  with(func(e *encoding) { e.spoilDB = func(db []byte) { db[zeros-1] = 1 } }),
		"no one":            with(func(e *encoding) { e.spoilDB = func(db []byte) { db[zeros] = 0 } }),
		"two for one":       with(func(e *encoding) { e.spoilDB = func(db []byte) { db[zeros] = 2 } }),
		"salt changed":      with(func(e *encoding) { e.spoilDB = func(db []byte) { db[206] ^= 1 } }),
		"hash changed":      with(func(e *encoding) { e.spoilEM = func(em []byte) { em[207] ^= 1 } }),
	}
	for name, e := range cases {
		number := new(big.Int).SetBytes(e.of(message))
		if number.Cmp(private.N) >= 0 {
			t.Logf("%s: encoding is above this modulus", name)
			continue
		}
		signature := number.Exp(number, private.D, private.N).FillBytes(make([]byte, 256))
		for verifier, got := range map[string]error{
			"this machine's": k.Public().Verify(message, signature), "without wide registers": k.Public().WithoutWideRegisters().Verify(message, signature),
			"crypto/rsa": k.Public().VerifyWithLibrary(message, signature), "circl": k.Public().VerifyWithLargePath(message, signature),
		} {
			if (got == nil) != (name == "right") || got != nil && !errors.Is(got, blindtoken.ErrSignature) {
				t.Errorf("%s, verifier %s: %v", name, verifier, got)
			}
		}
	}
}

// TestNumbersOutsideTheModulusAreNoSignature: s + N has the same power as s,
// which would give a token a second encoding.
func TestNumbersOutsideTheModulusAreNoSignature(t *testing.T) {
	message := scope().Message([32]byte{9})
	for _, k := range keys(t)[:5] {
		signature, err := k.SignMessage(message)
		if err != nil {
			t.Fatal(err)
		}
		n := new(big.Int).SetBytes(k.Public().Encode())
		sum := new(big.Int).Add(new(big.Int).SetBytes(signature), n)
		bad := map[string][]byte{
			"zero": make([]byte, 256), "the modulus": k.Public().Encode(), "all ones": bytes.Repeat([]byte{0xff}, 256),
			"nothing": nil, "a byte short": signature[1:], "a byte long": append([]byte{0}, signature...),
		}
		if sum.BitLen() <= 2048 {
			bad["signature plus modulus"] = sum.FillBytes(make([]byte, 256))
		}
		for _, public := range []*blindtoken.PublicKey{k.Public(), k.Public().WithoutWideRegisters()} {
			if err := public.Verify(message, signature); err != nil {
				t.Errorf("a good signature: %v", err)
			}
			for name, s := range bad {
				if err := public.Verify(message, s); !errors.Is(err, blindtoken.ErrEncoding) {
					t.Errorf("%s: %v, want ErrEncoding", name, err)
				}
			}
		}
	}
}

// TestSigningDoesNotDependOnTheMachine: a blind signature is a function of key
// and message, whichever way the powers are computed.
func TestSigningDoesNotDependOnTheMachine(t *testing.T) {
	for i, k := range keys(t) {
		for range 8 {
			blinded := make([]byte, k.Public().Size())
			if _, err := rand.Read(blinded[1:]); err != nil {
				t.Fatal(err)
			}
			here, err := k.Sign(blinded)
			if err != nil {
				t.Fatal(err)
			}
			elsewhere, err := k.WithoutWideRegisters().Sign(blinded)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(here, elsewhere) {
				t.Fatalf("key %d signs %x as %x here and as %x elsewhere", i, blinded, here, elsewhere)
			}
		}
		message := scope().Message([32]byte{byte(i)})
		signature, err := k.WithoutWideRegisters().SignMessage(message)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Public().Verify(message, signature); err != nil {
			t.Error(err)
		}
	}
}

func TestSignaturesOfTheStandardLibraryVerify(t *testing.T) {
	for _, bits := range []int{blindtoken.DefaultBits, blindtoken.LargeBits} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		public, err := blindtoken.DecodePublicKey(private.N.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			message := []byte{byte(i)}
			digest := sha512.Sum384(message)
			options := &rsa.PSSOptions{SaltLength: 48, Hash: crypto.SHA384}
			signature, err := rsa.SignPSS(rand.Reader, private, crypto.SHA384, digest[:], options)
			if err != nil {
				t.Fatal(err)
			}
			if err := public.Verify(message, signature); err != nil {
				t.Errorf("%d bits: %v", bits, err)
			}
			if err := public.Verify(append(message, 0), signature); !errors.Is(err, blindtoken.ErrSignature) {
				t.Errorf("%d bits, another message: %v", bits, err)
			}
		}
	}
}
