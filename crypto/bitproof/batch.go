package bitproof

import (
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// VerifyBatch checks many claims, of any statements and keys, at a fraction of
// the price each, and returns the indices of those that Verify refuses, in
// order; nil means all are good. If rand fails, each claim is verified by itself.
func VerifyBatch(rand io.Reader, claims []Claim) (bad []int) {
	plans := make(map[*Shape]*plan)
	compileOnce := func(s *Shape) (*plan, error) {
		if p := plans[s]; p != nil {
			return p, nil
		}
		p, err := compile(s)
		if err == nil {
			plans[s] = p
		}
		return p, err
	}
	b := &batch{claims: make([]digested, 0, len(claims)), index: make([]int, 0, len(claims))}
	challenges := newChallenger()
	for i, c := range claims {
		d, err := digest(c, compileOnce, challenges)
		if err != nil {
			bad = append(bad, i)
			continue
		}
		b.claims, b.index = append(b.claims, d), append(b.index, i)
	}
	if err := b.drawWeights(rand); err != nil {
		b.weights = nil
	}
	bad = append(bad, b.culprits()...)
	slices.Sort(bad)
	return bad
}

type batch struct {
	claims  []digested
	index   []int             // of each claim in the caller's slice
	weights [][3]group.Scalar // of (1), (2), (3) of each claim; nil: there are none
}

// partClaims is the size of the parts of a batch that failed.
const partClaims = 32

// culprits returns the bad claims. If all together fail, parts are tried and
// each claim of a part that fails is judged by its equations. Halving again and
// again would cost several times what single checks do if many claims are bad.
func (b *batch) culprits() (bad []int) {
	n := len(b.claims)
	if n > 1 && b.holds(0, n) {
		return nil
	}
	for from := 0; from < n; from += partClaims {
		to := min(from+partClaims, n)
		if n > partClaims && b.holds(from, to) {
			continue
		}
		for i := from; i < to; i++ {
			if b.claims[i].equations() != nil {
				bad = append(bad, b.index[i])
			}
		}
	}
	return bad
}

// holds reports whether a part of the batch is good as a whole. Without
// weights none is known to be.
func (b *batch) holds(from, to int) bool {
	if b.weights == nil {
		return false
	}
	sum := newCombination()
	defer sum.release()
	for i := from; i < to; i++ {
		sum.add(&b.claims[i], b.weights[i])
	}
	return sum.vanishes()
}

// encode writes all that the equations of the batch hold: challenges, keys and
// responses of each claim, a list of keys only where it first stands.
func (b *batch) encode() []byte {
	size := 0
	for i := range b.claims {
		size += 8 + group.Size*(4+len(b.claims[i].claim.Proof.f))
	}
	out := make([]byte, 0, size+64*group.Size) // room for most lists of keys
	put := func(e [group.Size]byte) { out = append(out, e[:]...) }
	numbers := make(map[keyList]uint64)
	for i := range b.claims {
		d := &b.claims[i]
		put(d.y.Encode())
		put(d.x.Encode())
		keys := d.claim.Statement.Keys
		number, known := numbers[listOf(keys)]
		if !known {
			number = uint64(len(numbers))
			numbers[listOf(keys)] = number
		}
		// The number comes first: it says whether the list itself follows.
		out = binary.BigEndian.AppendUint64(out, number)
		if !known {
			for o := range keys {
				put(keys[o].Element().Encode())
			}
		}
		for _, f := range d.claim.Proof.f {
			put(f.Encode())
		}
		put(d.claim.Proof.z.Encode())
		put(d.claim.Proof.u.Encode())
	}
	return out
}

// drawWeights gives each equation of each claim 128 bits of a stream keyed by
// 32 fresh bytes and a hash of the whole batch. Statement, ciphertext and
// commitments enter through the challenges that hash them; keys and responses
// enter themselves.
func (b *batch) drawWeights(rand io.Reader) error {
	var fresh [32]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return fmt.Errorf("read randomness for a batch: %w", err)
	}
	all := sha512.Sum512(b.encode())
	t := transcript.NewForChain(labelBatch, "")
	t.Append(fresh[:])
	t.Append(all[:])
	key := t.Sum()
	stream := sha3.NewSHAKE256()
	_, _ = stream.Write(key[:])
	b.weights = make([][3]group.Scalar, len(b.claims))
	for i := range b.weights {
		for e := range b.weights[i] {
			var short [group.Size]byte
			_, _ = stream.Read(short[:16]) // an extendable output never ends
			w, err := group.DecodeScalar(short[:])
			if err != nil {
				return fmt.Errorf("make weight of 128 bits: %w", err)
			}
			b.weights[i][e] = w
		}
	}
	return nil
}
