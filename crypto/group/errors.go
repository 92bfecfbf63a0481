package group

import "errors"

// Classes of refusal. Callers branch on them with errors.Is; the text around
// them names the field.
var (
	// ErrLength: the input is not exactly 32 bytes long.
	ErrLength = errors.New("encoding is not 32 bytes long")
	// ErrNotCanonical: the bytes are not the one encoding of an element or scalar.
	ErrNotCanonical = errors.New("encoding is not canonical")
	// ErrIdentity: the identity stands where it may not.
	ErrIdentity = errors.New("element is the identity")
	// ErrZero: zero has no inverse.
	ErrZero = errors.New("scalar is zero")
)
