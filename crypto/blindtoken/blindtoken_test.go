package blindtoken_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

func issue(t testing.TB, s *blindtoken.Secret, sc blindtoken.Scope, members []*blindtoken.PrivateKey) (panel []*blindtoken.PublicKey, signatures [][]byte) {
	t.Helper()
	for _, k := range members {
		r, err := blindtoken.Blind(s, sc, k.Public())
		if err != nil {
			t.Fatal(err)
		}
		answer, err := k.Sign(r.Blinded())
		if err != nil {
			t.Fatal(err)
		}
		signature, err := r.Finalize(answer)
		if err != nil {
			t.Fatal(err)
		}
		panel, signatures = append(panel, k.Public()), append(signatures, signature)
	}
	return panel, signatures
}

func TestTokenOfAWholePanelIsAccepted(t *testing.T) {
	ks := keys(t)
	s := secret(t, 1)
	panel, signatures := issue(t, s, scope(), []*blindtoken.PrivateKey{ks[0], ks[5], ks[2]})
	ballotKey := s.BallotKey(scope()).Public()
	if err := blindtoken.VerifyToken(panel, scope(), ballotKey, signatures); err != nil {
		t.Fatal(err)
	}
	if err := blindtoken.VerifyToken(panel, scope(), ballotKey, signatures[:2]); !errors.Is(err, blindtoken.ErrPanel) {
		t.Errorf("two of three signatures: %v", err)
	}
	if err := blindtoken.VerifyToken(nil, scope(), ballotKey, nil); !errors.Is(err, blindtoken.ErrPanel) {
		t.Errorf("no panel: %v", err)
	}
	swapped := [][]byte{signatures[2], signatures[1], signatures[0]}
	if err := blindtoken.VerifyToken(panel, scope(), ballotKey, swapped); !errors.Is(err, blindtoken.ErrSignature) && !errors.Is(err, blindtoken.ErrEncoding) {
		t.Errorf("signatures out of order: %v", err)
	}
}

func TestACrashAsksForTheSameAgain(t *testing.T) {
	key := keys(t)[0].Public()
	s := secret(t, 2)
	first, err := blindtoken.Blind(s, scope(), key)
	if err != nil {
		t.Fatal(err)
	}
	stored := s.Reveal()
	restored, err := blindtoken.SecretFromBytes(stored[:])
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, err := blindtoken.Blind(restored, scope(), key)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Blinded(), again.Blinded()) {
			t.Fatal("the same secret blinds to another message")
		}
	}
	// An answer to the first request finishes the second.
	answer, err := keys(t)[0].Sign(first.Blinded())
	if err != nil {
		t.Fatal(err)
	}
	again, err := blindtoken.Blind(restored, scope(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Finalize(answer); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingOfTheScopeChangesTheRequest(t *testing.T) {
	ks := keys(t)
	s := secret(t, 3)
	seen := map[string]string{}
	try := func(name string, s *blindtoken.Secret, sc blindtoken.Scope, key *blindtoken.PublicKey) {
		t.Helper()
		r, err := blindtoken.Blind(s, sc, key)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(r.Blinded())]; ok {
			t.Errorf("%s and %s blind to the same message", name, other)
		}
		seen[string(r.Blinded())] = name
	}
	try("base", s, scope(), ks[0].Public())
	try("secret", secret(t, 4), scope(), ks[0].Public())
	try("member", s, scope(), ks[1].Public())
	for name, change := range map[string]func(*blindtoken.Scope){
		"chain":    func(sc *blindtoken.Scope) { sc.ChainID += "x" },
		"election": func(sc *blindtoken.Scope) { sc.Election[31]++ },
		"class":    func(sc *blindtoken.Scope) { sc.Class++ },
		"panel":    func(sc *blindtoken.Scope) { sc.Panel++ },
	} {
		sc := scope()
		change(&sc)
		try(name, s, sc, ks[0].Public())
		same := s.BallotKey(sc).Public() == s.BallotKey(scope()).Public()
		if same != (name == "panel") {
			t.Errorf("%s: ballot key stays: %v", name, same)
		}
	}
}

func TestSigningIsDeterministicAndRefusesWhatIsNoNumber(t *testing.T) {
	k := keys(t)[0]
	z := make([]byte, k.Public().Size())
	z[len(z)-1] = 7
	first, err := k.Sign(z)
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.Sign(z)
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("second answer differs: %v", err)
	}
	if err := k.Public().CheckAnswer(z, first); err != nil {
		t.Fatal(err)
	}
	first[9] ^= 1
	if err := k.Public().CheckAnswer(z, first); !errors.Is(err, blindtoken.ErrSignature) {
		t.Fatalf("one bit of the answer: %v", err)
	}
	for name, b := range map[string][]byte{
		"empty":        nil,
		"short":        z[1:],
		"long":         append([]byte{0}, z...),
		"zero":         make([]byte, len(z)),
		"modulus":      k.Public().Encode(),
		"over modulus": bytes.Repeat([]byte{0xff}, len(z)),
	} {
		if _, err := k.Sign(b); !errors.Is(err, blindtoken.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFinalizeRefusesAWrongAnswer(t *testing.T) {
	ks := keys(t)
	r, err := blindtoken.Blind(secret(t, 5), scope(), ks[0].Public())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ks[0].Sign(r.Blinded())
	if err != nil {
		t.Fatal(err)
	}
	answer[len(answer)-1] ^= 1
	if _, err := r.Finalize(answer); !errors.Is(err, blindtoken.ErrSignature) {
		t.Errorf("one bit: %v", err)
	}
	if _, err := r.Finalize(answer[1:]); !errors.Is(err, blindtoken.ErrEncoding) {
		t.Errorf("short: %v", err)
	}
}

func TestAllVerifiersGiveOneVerdict(t *testing.T) {
	k := keys(t)[0]
	s := secret(t, 6)
	_, signatures := issue(t, s, scope(), keys(t)[:1])
	message := scope().Message(s.BallotKey(scope()).Public())
	rapid.Check(t, func(t *rapid.T) {
		signature := bytes.Clone(signatures[0])
		if rapid.Bool().Draw(t, "spoil") {
			i := rapid.IntRange(0, len(signature)-1).Draw(t, "byte")
			signature[i] ^= rapid.Byte().Draw(t, "mask")
		}
		if rapid.IntRange(0, 5).Draw(t, "small") == 0 {
			clear(signature[:len(signature)-1])
		}
		m := bytes.Clone(message)
		if rapid.IntRange(0, 3).Draw(t, "message") == 0 {
			m[rapid.IntRange(0, len(m)-1).Draw(t, "at")] ^= 1
		}
		own := k.Public().Verify(m, signature) == nil
		library := k.Public().VerifyWithLibrary(m, signature) == nil
		circl := k.Public().VerifyWithLargePath(m, signature) == nil
		if own != library || own != circl {
			t.Fatalf("own verifier says %v, crypto/rsa %v, circl %v", own, library, circl)
		}
	})
}

func TestAMessageSignedInTheOpenIsAToken(t *testing.T) {
	for _, k := range keys(t) {
		ballotKey := secret(t, 7).BallotKey(scope()).Public()
		signature, err := k.SignMessage(scope().Message(ballotKey))
		if err != nil {
			t.Fatal(err)
		}
		panel := []*blindtoken.PublicKey{k.Public()}
		if err := blindtoken.VerifyToken(panel, scope(), ballotKey, [][]byte{signature}); err != nil {
			t.Error(err)
		}
		other := scope()
		other.Panel++
		if err := blindtoken.VerifyToken(panel, other, ballotKey, [][]byte{signature}); !errors.Is(err, blindtoken.ErrSignature) {
			t.Errorf("in another scope: %v", err)
		}
	}
}

func TestSecretsPrintNothing(t *testing.T) {
	s := secret(t, 7)
	k := keys(t)[0]
	r, err := blindtoken.Blind(s, scope(), k.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"secret": s, "secret value": *s, "private key": k, "key value": *k, "request": r, "request value": *r, "ballot key": s.BallotKey(scope())} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); len(got) > 60 {
				t.Errorf("%s with %s prints %q", name, verb, got)
			}
		}
		if got, err := json.Marshal(v); err == nil && string(got) != "{}" {
			t.Errorf("%s marshals to %q", name, got)
		}
	}
}

func TestPrivateKeySurvivesItsFile(t *testing.T) {
	k := keys(t)[5]
	der, err := k.RevealPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	back, err := blindtoken.ParsePKCS8(der)
	if err != nil {
		t.Fatal(err)
	}
	if !back.Public().Equal(k.Public()) || back.Public().ID() != k.Public().ID() {
		t.Fatal("another key came back")
	}
	if _, err := blindtoken.ParsePKCS8(der[:len(der)-1]); !errors.Is(err, blindtoken.ErrEncoding) {
		t.Fatal(err)
	}
	if _, err := blindtoken.GenerateKey(1024); !errors.Is(err, blindtoken.ErrKey) {
		t.Fatal(err)
	}
}

func TestGeneratedKeyProvesItself(t *testing.T) {
	k, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
	if err != nil {
		t.Fatal(err)
	}
	c := blindtoken.KeyContext{Scope: scope(), Issuer: [32]byte{9}}
	proof, err := blindtoken.ProveKey(k, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := blindtoken.VerifyKey(k.Public(), c, proof); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecodePublicKey(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xff}, 256))
	f.Add(bytes.Repeat([]byte{0x81}, 384))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := blindtoken.DecodePublicKey(b)
		if err != nil {
			return
		}
		if !bytes.Equal(k.Encode(), b) {
			t.Fatal("decoded key encodes to other bytes")
		}
	})
}

func FuzzVerifyNeverPanics(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xc3}, 256), []byte("m"), bytes.Repeat([]byte{0x11}, 256))
	f.Fuzz(func(t *testing.T, modulus, message, signature []byte) {
		k, err := blindtoken.DecodePublicKey(modulus)
		if err != nil {
			return
		}
		if err := k.Verify(message, signature); err == nil {
			n := new(big.Int).SetBytes(modulus)
			s := new(big.Int).SetBytes(signature)
			if s.Exp(s, big.NewInt(blindtoken.Exponent), n); s.Bit(0) != 0 {
				t.Fatal("accepted signature does not end in 0xbc")
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, i := range []int{0, 5} {
		s := secret(b, 8)
		_, signatures := issue(b, s, scope(), keys(b)[i:i+1])
		m := scope().Message(s.BallotKey(scope()).Public())
		k := keys(b)[i].Public()
		b.Run(fmt.Sprint(8*k.Size()), func(b *testing.B) {
			for b.Loop() {
				if err := k.Verify(m, signatures[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(8*k.Size(), " by the library"), func(b *testing.B) {
			plain := k.WithoutWideRegisters()
			for b.Loop() {
				if err := plain.Verify(m, signatures[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, i := range []int{0, 5} {
		k := keys(b)[i]
		z := make([]byte, k.Public().Size())
		z[40] = 1
		run := func(name string, each func() ([]byte, error)) {
			b.Run(fmt.Sprint(8*k.Public().Size(), name), func(b *testing.B) {
				for b.Loop() {
					if _, err := each(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		plain := k.WithoutWideRegisters()
		run("", func() ([]byte, error) { return k.Sign(z) })
		run(" by the library", func() ([]byte, error) { return plain.Sign(z) })
		run(" in the open", func() ([]byte, error) { return k.SignMessage(z) })
		run(" in the open by the library", func() ([]byte, error) { return plain.SignMessage(z) })
	}
}
