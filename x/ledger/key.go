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
