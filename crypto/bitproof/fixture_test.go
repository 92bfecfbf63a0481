package bitproof_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

const chainID = "test-0011223344556677"

// keySecret is the secret of a slot in these tests.
func keySecret(slot int) group.Scalar {
	return group.ScalarFromUniform64([64]byte{byte(slot), byte(slot >> 8), 1, 63: 9})
}

func keysFor(t rapid.TB, n int) []elgamal.Key {
	t.Helper()
	points := make([]group.Point, n)
	slots := make([]int, n)
	for i := range points {
		points[i], slots[i] = group.BaseMul(keySecret(i+1)), i+1
	}
	v, err := elgamal.NewKeyVector(points)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := v.Select(slots)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func contextOf(zone, style, keyHash, ballotKey, sequence string) []byte {
	return transcript.JoinFields([]byte(zone), []byte(style), []byte(keyHash), []byte(ballotKey), []byte(sequence))
}

func statementFor(t rapid.TB, shape bitproof.Shape) *bitproof.Statement {
	t.Helper()
	return &bitproof.Statement{
		ChainID: chainID, Election: [32]byte{7}, Shape: &shape,
		Context: contextOf("zone 1", "style 2", "key hash", "ballot key", "1"),
		Keys:    keysFor(t, len(shape.Forms)),
	}
}

func mustProve(t rapid.TB, st *bitproof.Statement, bits []bool) bitproof.Claim {
	t.Helper()
	ct, proof, err := bitproof.Prove(rand.Reader, st, bits)
	if err != nil {
		t.Fatal(err)
	}
	return bitproof.Claim{Statement: st, Ciphertext: ct, Proof: proof}
}

// throughWire encodes and decodes a claim, as a verifier gets it.
func throughWire(t rapid.TB, c bitproof.Claim) bitproof.Claim {
	t.Helper()
	ct, err := elgamal.DecodeCiphertext(len(c.Ciphertext.C), c.Ciphertext.Encode())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := bitproof.DecodeProof(c.Statement.Shape.Bits, c.Proof.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return bitproof.Claim{Statement: c.Statement, Ciphertext: ct, Proof: proof}
}

// oneOf is a ballot of one contest, "one of n" with option marked.
func oneOf(t rapid.TB, n, marked int) (*bitproof.Statement, []bool) {
	t.Helper()
	marks := make([]bool, n)
	marks[marked] = true
	bits, err := bitproof.ChoiceBits(uint32(n), 1, 1, marks)
	if err != nil {
		t.Fatal(err)
	}
	return statementFor(t, bitproof.Choice(uint32(n), 1, 1)), bits
}

func BenchmarkProve(b *testing.B) {
	for _, n := range []int{10, 24, 73} {
		st, bits := oneOf(b, n, 1)
		bitproof.Generators(st.Shape.Bits)
		b.Run(fmt.Sprintf("%d options", n), func(b *testing.B) {
			for b.Loop() {
				mustProve(b, st, bits)
			}
		})
		b.Run(fmt.Sprintf("%d options prepared", n), func(b *testing.B) {
			prover, err := bitproof.NewProver(st.Shape, st.Keys)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, _, err := prover.Prove(rand.Reader, st, bits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	const options = 10
	st, bits := oneOf(b, options, 3)
	claims := make([]bitproof.Claim, 1024)
	for i := range claims {
		if i < 64 {
			own := *st
			own.Context = fmt.Appendf(nil, "ballot %d", i)
			claims[i] = throughWire(b, mustProve(b, &own, bits))
		} else {
			claims[i] = claims[i%64]
		}
	}
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			if bitproof.Verify(claims[0]) != nil {
				b.Fatal("refused")
			}
		}
	})
	for _, n := range []int{16, 128, 1024} {
		b.Run(fmt.Sprintf("batch of %d", n), func(b *testing.B) {
			for b.Loop() {
				if bitproof.VerifyBatch(rand.Reader, claims[:n]) != nil {
					b.Fatal("refused")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/ballot")
		})
	}
	ct, proof := claims[0].Ciphertext.Encode(), claims[0].Proof.Encode()
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := bitproof.DecodeBallot(options, options, ct[:32], ct[32:], proof); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode apart", func(b *testing.B) {
		for b.Loop() {
			throughWire(b, claims[0])
		}
	})
}
