package elgamal

import (
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// Classes of refusal. Decoding adds those of package group.
var (
	// ErrKeys: a key vector is empty, holds the identity or an element twice.
	ErrKeys = errors.New("key vector is malformed")
	// ErrSlot: a slot outside the key vector, or slots not in ascending order.
	ErrSlot = errors.New("slot is not in the key vector")
	// ErrLength: an encoding or a vector has the wrong length.
	ErrLength = errors.New("length is wrong")
	// ErrLogarithm: the element is no multiple of B within the bound.
	ErrLogarithm = errors.New("no logarithm within the bound")
)

var keysLabel = transcript.Register("elgamal/keys")

// Key is the public key of one slot. If it was prepared, multiplying it by a
// secret takes a quarter of the time.
type Key struct {
	point group.Point
	table *group.Table
}

// NewKey wraps one element, which may not be the identity.
func NewKey(p group.Point) (Key, error) {
	if p.IsIdentity() {
		return Key{}, fmt.Errorf("make key: %w: %w", ErrKeys, group.ErrIdentity)
	}
	return Key{point: p.WithEncoding()}, nil
}

// Point returns the key's element.
func (k Key) Point() group.Point { return k.point }

// Element is Point without a copy. It must not be written to.
func (k *Key) Element() *group.Point { return &k.point }

// IsSet reports whether the key was made by NewKey: the zero Key holds the
// identity, under which nothing is secret.
func (k *Key) IsSet() bool { return !k.point.IsIdentity() }

// Mul returns s·K in constant time.
func (k Key) Mul(s group.Scalar) group.Point {
	if k.table != nil {
		return k.table.Mul(s)
	}
	return k.point.Mul(s)
}

// Prepared returns the same key with a table of 40 KiB.
func (k Key) Prepared() Key {
	if k.table == nil {
		k.table = group.NewTable(k.point)
	}
	return k
}

// KeyVector holds the keys K_1..K_L of a zone. It is immutable.
type KeyVector struct {
	keys []Key
}

// NewKeyVector checks that no key is the identity and that all differ: two
// equal slot keys would let whoever made one read the difference of two slots.
func NewKeyVector(points []group.Point) (*KeyVector, error) {
	if len(points) == 0 {
		return nil, fmt.Errorf("make key vector: no keys: %w", ErrKeys)
	}
	v := &KeyVector{keys: make([]Key, len(points))}
	slotOf := make(map[[group.Size]byte]int, len(points))
	for i, p := range points {
		k, err := NewKey(p)
		if err != nil {
			return nil, fmt.Errorf("make key vector: slot %d: %w", i+1, err)
		}
		e := k.point.Encode()
		if other, dup := slotOf[e]; dup {
			return nil, fmt.Errorf("make key vector: slots %d and %d have the same key: %w", other, i+1, ErrKeys)
		}
		slotOf[e] = i + 1
		v.keys[i] = k
	}
	return v, nil
}

// DecodeKeyVector reads K_1 ‖ … ‖ K_L. Refusals: ErrLength, ErrKeys and those
// of package group.
func DecodeKeyVector(b []byte) (*KeyVector, error) {
	points, err := decodePoints(b)
	if err != nil {
		return nil, fmt.Errorf("decode key vector: key of slot %w", err)
	}
	return NewKeyVector(points)
}

// Encode returns K_1 ‖ … ‖ K_L.
func (v *KeyVector) Encode() []byte { return group.EncodePoints(v.Points()) }

// Len is L, the highest slot number.
func (v *KeyVector) Len() int { return len(v.keys) }

// Points returns the keys' elements, slot 1 first.
func (v *KeyVector) Points() []group.Point {
	out := make([]group.Point, len(v.keys))
	for i := range v.keys {
		out[i] = v.keys[i].point
	}
	return out
}

// Prepared returns the same keys with tables, 40 KiB each: for programs that
// seal many ballots.
func (v *KeyVector) Prepared() *KeyVector {
	out := &KeyVector{keys: make([]Key, len(v.keys))}
	for i, k := range v.keys {
		out.keys[i] = k.Prepared()
	}
	return out
}

// Select returns the keys of the given slots, which are numbered from 1 and
// must ascend strictly, as a ballot's slots do.
func (v *KeyVector) Select(slots []int) ([]Key, error) {
	out := make([]Key, len(slots))
	for i, slot := range slots {
		if slot < 1 || slot > len(v.keys) {
			return nil, fmt.Errorf("select keys: slot %d of %d: %w", slot, len(v.keys), ErrSlot)
		}
		if i > 0 && slot <= slots[i-1] {
			return nil, fmt.Errorf("select keys: slot %d after slot %d: %w", slot, slots[i-1], ErrSlot)
		}
		out[i] = v.keys[slot-1]
	}
	return out, nil
}

// Hash binds the whole vector together with how it was made: mode is the name
// of the procedure, as the election key says it: "dkg" for one that its trustees
// made together, "dealer" for one that a dealer made and cut into parts.
func (v *KeyVector) Hash(chainID string, election [32]byte, mode string) [32]byte {
	t := transcript.New(keysLabel, chainID, election)
	t.Append([]byte(mode))
	t.AppendPoints(v.Points())
	return t.Hash32()
}
