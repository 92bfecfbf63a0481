package slip

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// CodeSize is the length of an access code in bytes: 80 bits.
const CodeSize = 10

const codeLength = 16

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Code is a voter's access code at one issuer. It prints as a redaction.
type Code struct {
	b [CodeSize]byte
}

// NewCode draws a code.
func NewCode(random io.Reader) (Code, error) {
	var c Code
	if _, err := io.ReadFull(random, c.b[:]); err != nil {
		return Code{}, fmt.Errorf("draw access code: %w", err)
	}
	return c, nil
}

// CodeFromBytes is the code of given bytes.
func CodeFromBytes(b [CodeSize]byte) Code { return Code{b: b} }

// ParseCode reads what a person typed. The error never repeats the input.
func ParseCode(typed string) (Code, error) {
	var clean strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == '-' || r == ' ':
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		if !strings.ContainsRune(alphabet, r) {
			return Code{}, fmt.Errorf("read access code: character %q is in no code; check the slip", r)
		}
		clean.WriteRune(r)
		if clean.Len() > codeLength {
			break
		}
	}
	b, err := crockford.DecodeString(clean.String())
	if err != nil || clean.Len() != codeLength {
		return Code{}, fmt.Errorf("read access code: %d characters where a code has %d; check the slip", clean.Len(), codeLength)
	}
	return Code{b: [CodeSize]byte(b)}, nil
}

// Bytes is the code as it enters a message authentication code.
func (c Code) Bytes() [CodeSize]byte { return c.b }

// Reveal is the code as it is printed for its voter.
func (c Code) Reveal() string {
	s := crockford.EncodeToString(c.b[:])
	return s[0:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16]
}

// Format prints a redaction for every verb.
func (c Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access code]") }
