package group

import "fmt"

// DecodePoints reads len(into) encodings that stand one after the other. On
// machines with 52-bit vector multiplication it takes a fraction of the time
// of as many DecodePoint. An error comes with the index, from 0, of the first
// element at fault, and the points before it are set. Refusals: ErrLength,
// ErrNotCanonical.
func DecodePoints(into []Point, b []byte) (at int, err error) {
	if len(b) != Size*len(into) {
		return 0, fmt.Errorf("decode %d elements of %d bytes: %w", len(into), len(b), ErrLength)
	}
	for at < len(into) {
		n := min(len(into)-at, lanesAtOnce)
		good := decodeSome(into[at:at+n], b[at*Size:])
		at += good
		if good < n {
			return at, fmt.Errorf("decode element: %w", ErrNotCanonical)
		}
	}
	return at, nil
}

// decodeSingly reads the encodings one by one and returns how many were good
// before the first bad one.
func decodeSingly(into []Point, b []byte) (good int) {
	for i := range into {
		p, err := DecodePoint(b[i*Size : (i+1)*Size])
		if err != nil {
			return i
		}
		into[i] = p
	}
	return len(into)
}
