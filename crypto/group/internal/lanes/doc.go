// Package lanes computes with eight elements of the field of 2^255 - 19 side
// by side, one in each lane of AVX-512 registers with 52-bit multiplication
// (IFMA). It decodes eight encodings of ristretto255 (RFC 9496, 4.3.1) in the
// time in which one core decodes about two singly. Specification: docs/spec,
// "Notation".
//
// An element is five limbs of 51 bits. Every function takes and leaves limbs
// below 2^51 + 2^15, which the multiplication relies on (it sees 52 bits), and
// takes the same time for all elements: a lane cannot be seen from outside.
//
// It exists on amd64 only; Available says whether the machine has the
// instructions. What a machine without them does instead is package group's
// affair, as are the rules of what is refused and how.
package lanes
