// Package lanes computes with eight elements of the field of 2^255 - 19 side
// by side, one in each lane of AVX-512 registers with 52-bit multiplication
// (IFMA). It decodes and encodes eight elements of ristretto255 (RFC 9496, 4.3.1
// and 4.3.2) and decodes eight points of the curve (RFC 8032, 5.1.3), each in the
// time of about two singly, and adds two pairs of points at once.
// Specification: docs/spec, "Notation".
//
// An element is five limbs of 51 bits. Every function takes and leaves limbs
// below 2^51 + 2^15, which the multiplication relies on (it sees 52 bits). Only
// points given to Encode and Sum may have limbs up to 2^61, as another package's
// arithmetic leaves them: these are carried first.
// Sums take time that depends on their points and scalars, which must be public;
// all else takes the same time for all values.
//
// It exists on amd64 only; Available says whether the machine has the
// instructions. What a machine without them does instead is the affair of
// packages group and sign, as are the rules of what is refused and how.
package lanes
