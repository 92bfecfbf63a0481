package ledger

import (
	"bytes"
	"fmt"
)

// Wire is a generated message.
type Wire interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// DecodeStrict decodes a message of at most limit bytes and refuses every
// second spelling: what does not encode again to the same bytes.
func DecodeStrict[T any, M interface {
	*T
	Wire
}](b []byte, limit int) (M, error) {
	if len(b) > limit {
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", len(b), limit)
	}
	m := M(new(T))
	if err := m.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("malformed: %w", err)
	}
	again, err := m.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode again: %w", err)
	}
	if !bytes.Equal(b, again) {
		return nil, fmt.Errorf("not canonical: %d bytes decode to a message of %d other bytes", len(b), len(again))
	}
	return m, nil
}

// MustEncode encodes a message the program made itself.
func MustEncode(m Wire) []byte {
	b, err := m.Marshal()
	if err != nil {
		panic("ledger: encode own message: " + err.Error())
	}
	return b
}

// MustDecode decodes a record that this program stored; state that does not
// decode contradicts an invariant.
func MustDecode[T any, M interface {
	*T
	Wire
}](b []byte) M {
	m := M(new(T))
	if err := m.Unmarshal(b); err != nil {
		panic(fmt.Sprintf("ledger: stored %T does not decode: %v", m, err))
	}
	return m
}
