package transcript

import (
	"crypto/sha512"
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/group"
)

// Transcript collects fields. It is not safe for concurrent use. Outputs do
// not end it: further fields may follow and change the next output, which is
// computed anew each time.
type Transcript struct {
	fields []byte
	first  [1024]byte // where fields begin: most transcripts are short
}

// New starts a transcript of the given purpose for one election of one chain.
func New(label *Label, chainID string, election [32]byte) *Transcript {
	t := &Transcript{}
	t.fields = t.first[:0]
	t.Restart(label, chainID, election)
	return t
}

// Restart forgets all fields and begins like New, in the same memory: for who
// makes one transcript after another.
func (t *Transcript) Restart(label *Label, chainID string, election [32]byte) {
	t.fields = binary.BigEndian.AppendUint64(t.fields[:0], uint64(len(label.text)))
	t.fields = append(t.fields, label.text...)
	t.fields = binary.BigEndian.AppendUint64(t.fields, uint64(len(chainID)))
	t.fields = append(t.fields, chainID...)
	t.Append(election[:])
}

// NewForChain starts a transcript for what belongs to a chain and to no
// election: the election's identifier is 32 zero bytes.
func NewForChain(label *Label, chainID string) *Transcript {
	return New(label, chainID, [32]byte{})
}

// Append adds one field.
func (t *Transcript) Append(field []byte) {
	t.fields = binary.BigEndian.AppendUint64(t.fields, uint64(len(field)))
	t.fields = append(t.fields, field...)
}

// AppendUint64 adds a number as a field of 8 bytes, big-endian.
func (t *Transcript) AppendUint64(v uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	t.Append(b[:])
}

// AppendPoint adds the canonical encoding of an element.
func (t *Transcript) AppendPoint(p group.Point) {
	e := p.Encode()
	t.Append(e[:])
}

// AppendPoints adds the number of elements and each of them.
func (t *Transcript) AppendPoints(ps []group.Point) {
	t.AppendUint64(uint64(len(ps)))
	for i := range ps {
		t.AppendPoint(ps[i])
	}
}

// AppendScalar adds the canonical encoding of a scalar.
func (t *Transcript) AppendScalar(s group.Scalar) {
	e := s.Encode()
	t.Append(e[:])
}

// Sum returns the 64 bytes of the hash.
func (t *Transcript) Sum() [64]byte {
	return sha512.Sum512(t.fields)
}

// Hash32 returns the first 32 bytes of Sum.
func (t *Transcript) Hash32() [32]byte {
	sum := t.Sum()
	return [32]byte(sum[:32])
}

// Challenge returns Sum reduced modulo the group order.
func (t *Transcript) Challenge() group.Scalar {
	return group.ScalarFromUniform64(t.Sum())
}

// Hash is Hash32 over the given fields, for one election.
func Hash(label *Label, chainID string, election [32]byte, fields ...[]byte) [32]byte {
	t := New(label, chainID, election)
	for _, f := range fields {
		t.Append(f)
	}
	return t.Hash32()
}

// HashForChain is Hash for what belongs to no election.
func HashForChain(label *Label, chainID string, fields ...[]byte) [32]byte {
	return Hash(label, chainID, [32]byte{}, fields...)
}

// JoinFields writes fields one after the other, each with its length as in
// the transcript: an injective encoding of a context handed to another package.
func JoinFields(fields ...[]byte) []byte {
	size := 0
	for _, f := range fields {
		size += 8 + len(f)
	}
	out := make([]byte, 0, size)
	for _, f := range fields {
		out = binary.BigEndian.AppendUint64(out, uint64(len(f)))
		out = append(out, f...)
	}
	return out
}
