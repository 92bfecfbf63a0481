package ledger

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Prefix is the first byte of one kind of record. Every kind is declared once,
// in its module's keys.go.
type Prefix struct {
	b    byte
	what string
}

var (
	prefixesMu sync.Mutex
	prefixes   = map[byte]string{}

	// Both are written while packages are initialised and only read afterwards.
	isIndex     [256]bool
	derivations [256]func(key, value []byte) []byte
)

// NewPrefix registers a prefix; it panics on a duplicate. Modules use
// commission 0x10.., election 0x20.., roll 0x30.., issuance 0x40..,
// ceremony 0x50.., ballot 0x60.., tally 0x70...
func NewPrefix(b byte, what string) Prefix {
	prefixesMu.Lock()
	defer prefixesMu.Unlock()
	if was, taken := prefixes[b]; taken {
		panic(fmt.Sprintf("ledger: prefix %#x of %q is taken by %q", b, what, was))
	}
	prefixes[b] = what
	return Prefix{b: b, what: what}
}

// NewIndex registers the prefix of a second order over one kind of records.
// The store writes it by itself: for each record that comes to be, the key that
// derive makes of it follows the prefix, with a value of one byte. It is
// readable from the block after that of the record. It is no state of its own:
// no digest covers it, and whoever has the records can make it again. Records of
// an indexed kind are never deleted, and a change of one leaves its derived key.
// Derived keys of two records may be equal.
func NewIndex(b byte, what string, of Prefix, derive func(key, value []byte) []byte) Prefix {
	p := NewPrefix(b, what)
	prefixesMu.Lock()
	defer prefixesMu.Unlock()
	if derivations[of.b] != nil {
		panic(fmt.Sprintf("ledger: records %#x of %q are indexed twice", of.b, of.what))
	}
	isIndex[b] = true
	derivations[of.b] = func(key, value []byte) []byte { return append([]byte{b}, derive(key, value)...) }
	return p
}

// IsIndex reports whether keys that begin like this one are those of an index.
func IsIndex(key []byte) bool { return len(key) > 0 && isIndex[key[0]] }

// IndexKey is the key by which a record stands in the index of its kind, nil if
// there is none.
func IndexKey(key, value []byte) []byte {
	if derive := derivations[key[0]]; derive != nil {
		return derive(key, value)
	}
	return nil
}

// What names the kind of record.
func (p Prefix) What() string { return p.what }

// Key joins the prefix with fixed-size parts. Parts of one kind of record must
// always have the same sizes, so that no key is the beginning of another.
func (p Prefix) Key(parts ...[]byte) []byte {
	n := 1
	for _, part := range parts {
		n += len(part)
	}
	key := make([]byte, 1, n)
	key[0] = p.b
	for _, part := range parts {
		key = append(key, part...)
	}
	return key
}

// U32 is the big-endian key part of a number.
func U32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// U64 is the big-endian key part of a number.
func U64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
