//go:build amd64 && !purego

package sign

import (
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"io"
	"sync"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/internal/lanes"
)

const (
	fewItems  = 4  // where a batch of the library is as quick
	partItems = 32 // of a batch that failed, tried together at a quarter of their single price
)

var scratches = sync.Pool{New: func() any { return new(lanes.Scratch) }}

// verifyWide is VerifyBatch on machines that add points side by side; it
// declines on others, for short batches and without randomness. A batch that
// fails is judged in parts; culprits are named by Verify.
func verifyWide(rand io.Reader, items []Item) (bad []int, done bool) {
	if len(items) < fewItems || !lanes.Available() {
		return nil, false
	}
	b := &wideBatch{items: items, points: make([]lanes.Point, 2*len(items))}
	b.decode()
	b.hash()
	if !b.draw(rand) {
		return nil, false
	}
	return b.culprits(), true
}

type wideBatch struct {
	items    []Item
	points   []lanes.Point // A and R of each item
	bad      []bool        // refused without an equation
	h, s     []group.Scalar
	weights  []group.Scalar
	lastHash [sha512.Size]byte // of all challenges and responses
}

// decode reads all points, eight at once, and refuses keys of small order.
func (b *wideBatch) decode() {
	b.bad = make([]bool, len(b.items))
	for from := 0; from < len(b.points); from += 8 {
		var in [8][PublicKeySize]byte
		n := min(8, len(b.points)-from)
		for l := range n {
			item := &b.items[(from+l)/2]
			if l%2 == 0 {
				in[l] = item.Public
			} else {
				in[l] = [PublicKeySize]byte(item.Signature[:PublicKeySize])
			}
		}
		var points [8]lanes.Point
		ok := lanes.DecodeEdwards(&in, &points)
		for l := range n {
			if !ok[l] || l%2 == 0 && lanes.HasSmallOrderY(&in[l]) {
				b.bad[(from+l)/2] = true
			}
			b.points[from+l] = points[l]
		}
	}
}

// hash computes the challenge SHA-512(R ‖ A ‖ M) of each item, and one hash
// over all that the equations hold.
func (b *wideBatch) hash() {
	b.h, b.s = make([]group.Scalar, len(b.items)), make([]group.Scalar, len(b.items))
	all := make([]byte, 0, len(b.items)*(sha512.Size+PublicKeySize))
	var one []byte
	for i := range b.items {
		item := &b.items[i]
		s, err := group.DecodeScalar(item.Signature[PublicKeySize:])
		if err != nil {
			b.bad[i] = true
		}
		one = append(append(append(one[:0], item.Signature[:PublicKeySize]...), item.Public[:]...), item.Message...)
		h := sha512.Sum512(one)
		b.h[i], b.s[i] = group.ScalarFromUniform64(h), s
		all = append(append(all, h[:]...), item.Signature[PublicKeySize:]...)
	}
	b.lastHash = sha512.Sum512(all)
}

// draw makes a weight of 128 bits for each item from a stream keyed by fresh
// bytes and the hash of the batch: were rand predictable, the weights would
// still depend on every byte of it.
func (b *wideBatch) draw(rand io.Reader) bool {
	var fresh [32]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return false
	}
	stream := sha3.NewSHAKE256()
	_, _ = stream.Write(fresh[:])
	_, _ = stream.Write(b.lastHash[:])
	bytes := make([]byte, 16*len(b.items))
	_, _ = stream.Read(bytes) // an extendable output never ends
	b.weights = make([]group.Scalar, len(b.items))
	shift := group.ScalarFromUint64(1 << 32)
	shift = shift.Mul(shift)
	for i := range b.weights {
		low, high := binary.LittleEndian.Uint64(bytes[16*i:]), binary.LittleEndian.Uint64(bytes[16*i+8:])
		b.weights[i] = group.ScalarFromUint64(high).Mul(shift).Add(group.ScalarFromUint64(low))
	}
	return true
}

// culprits names the bad items. If all together fail, parts are tried and each
// item of a part that fails by itself: signatures cost nothing to spoil, so the
// work on a spoiled batch must stay near that of single checks, which halving
// again and again would exceed tenfold.
func (b *wideBatch) culprits() (bad []int) {
	n := len(b.items)
	if b.holds(0, n) {
		return nil
	}
	for from := 0; from < n; from += partItems {
		to := min(from+partItems, n)
		if n > partItems && b.holds(from, to) {
			continue
		}
		for i := from; i < to; i++ {
			if Verify(b.items[i]) != nil {
				bad = append(bad, i)
			}
		}
	}
	return bad
}

// holds reports whether no item of a part is refused and
// [8](Σ z·s·B - Σ z·R - Σ z·h·A) = 0.
func (b *wideBatch) holds(from, to int) bool {
	n := 2*(to-from) + 1
	scalars, points := make([][4]uint64, 0, n), make([]*lanes.Point, 0, n)
	var base group.Scalar
	for i := from; i < to; i++ {
		if b.bad[i] {
			return false
		}
		z := b.weights[i].Factor()
		base = base.Sub(z.Mul(b.s[i]))
		scalars = append(scalars, z.Mul(b.h[i]).Words(), b.weights[i].Words())
		points = append(points, &b.points[2*i], &b.points[2*i+1])
	}
	scalars, points = append(scalars, base.Words()), append(points, &lanes.Basepoint)
	scratch := scratches.Get().(*lanes.Scratch)
	defer scratches.Put(scratch)
	sum := lanes.Sum(scalars, points, scratch)
	return sum.IsSmallOrder()
}
