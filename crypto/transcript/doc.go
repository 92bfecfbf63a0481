// Package transcript is the one hash of everything Urna hashes in order to
// bind, to sign or to derive a challenge: H_label(...) of the specification
// (docs/spec, "Notation").
//
// # Format
//
// The hash is SHA-512 over fields. A field is its length in bytes as 8 bytes,
// big-endian, followed by the bytes. The first three fields are always
//
//	label     "urna/v1/" followed by the registered purpose, ASCII
//	chain id  the chain's identifier, its bytes
//	election  the election's identifier, 32 bytes; 32 zero bytes for what
//	          belongs to a chain and to no election
//
// and the caller's fields follow:
//
//	Append        the bytes as one field
//	AppendUint64  one field of 8 bytes, big-endian
//	AppendPoint   one field of 32 bytes, the canonical encoding
//	AppendPoints  the number of points as by AppendUint64, then each as by AppendPoint
//	AppendScalar  one field of 32 bytes, the canonical encoding
//
// Outputs: Sum, the 64 bytes; Hash32, their first 32; Challenge, the 64 bytes
// read little-endian and reduced modulo the group order.
//
// Because every field carries its length, two different sequences of fields
// never have the same input; because every label is registered exactly once
// and panics on a duplicate when the program starts, no two purposes share one.
//
// The package must never know what is hashed or why.
package transcript
