package terminal

import (
	"io"
	"strings"
	"unicode"
)

// Plain makes words of a stranger harmless: what would steer a terminal, or
// turn the order of letters round, is shown as U+FFFD. A line stays one line.
func Plain(s string) string { return plain(s, "") }

// plain keeps the control characters of keep.
func plain(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(keep, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Output remembers that something could not be written: help texts are printed
// by a library that does not say so.
type Output struct {
	io.Writer
	err error
}

// NewOutput writes to w.
func NewOutput(w io.Writer) *Output { return &Output{Writer: w} }

// Write passes bytes on.
func (o *Output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// Err is the first error of writing.
func (o *Output) Err() error { return o.err }
