// Macros of the field arithmetic, eight lanes in each register.
//
// VPMADD52LUQ and VPMADD52HUQ add the low and the high 52 bits of a product of
// two 52-bit numbers. Limbs stand 51 bits apart, so the high half of a product
// of column k belongs to column k+1 twice.

#define MASK Z28
#define NINETEEN Z29

// CONSTANTS sets MASK to 2^51 - 1 and NINETEEN to 19; it changes AX.
#define CONSTANTS \
	MOVQ $0x7ffffffffffff, AX \
	VPBROADCASTQ AX, MASK \
	MOVQ $19, AX \
	VPBROADCASTQ AX, NINETEEN

#define LOAD(at, r0, r1, r2, r3, r4) \
	VMOVDQU64 (at), r0 \
	VMOVDQU64 64(at), r1 \
	VMOVDQU64 128(at), r2 \
	VMOVDQU64 192(at), r3 \
	VMOVDQU64 256(at), r4

#define STORE(r0, r1, r2, r3, r4, at) \
	VMOVDQU64 r0, (at) \
	VMOVDQU64 r1, 64(at) \
	VMOVDQU64 r2, 128(at) \
	VMOVDQU64 r3, 192(at) \
	VMOVDQU64 r4, 256(at)

#define ZERO(r) VPXORQ r, r, r

// TWICE adds 2·x to y.
#define TWICE(x, y) \
	VPADDQ x, x, x \
	VPADDQ x, y, y

// FOLD adds 19·high to low: 2^255 is 19.
#define FOLD(high, low) \
	VPMULLQ NINETEEN, high, high \
	VPADDQ high, low, low

// CARRY brings columns below 2^61 to limbs below 2^51 + 2^15 in Z0..Z4.
#define CARRY(c0, c1, c2, c3, c4) \
	VPSRLQ $51, c0, Z0 \
	VPSRLQ $51, c1, Z1 \
	VPSRLQ $51, c2, Z2 \
	VPSRLQ $51, c3, Z3 \
	VPSRLQ $51, c4, Z4 \
	VPANDQ MASK, c0, c0 \
	VPANDQ MASK, c1, c1 \
	VPANDQ MASK, c2, c2 \
	VPANDQ MASK, c3, c3 \
	VPANDQ MASK, c4, c4 \
	VPMADD52LUQ NINETEEN, Z4, c0 \
	VPADDQ Z3, c4, Z4 \
	VPADDQ Z2, c3, Z3 \
	VPADDQ Z1, c2, Z2 \
	VPADDQ Z0, c1, Z1 \
	VMOVDQA64 c0, Z0

// PRODUCT adds the halves of x·y to the columns low and high.
#define PRODUCT(x, y, low, high) \
	VPMADD52LUQ x, y, low \
	VPMADD52HUQ x, y, high

// MULTIPLY sets Z0..Z4 to their product with Z5..Z9. Columns 0..8 of low halves
// are Z10..Z18, of high halves Z19..Z27; high halves move to the next column,
// and Z27 becomes column 9.
#define MULTIPLY \
	ZERO(Z10) \
	ZERO(Z11) \
	ZERO(Z12) \
	ZERO(Z13) \
	ZERO(Z14) \
	ZERO(Z15) \
	ZERO(Z16) \
	ZERO(Z17) \
	ZERO(Z18) \
	ZERO(Z19) \
	ZERO(Z20) \
	ZERO(Z21) \
	ZERO(Z22) \
	ZERO(Z23) \
	ZERO(Z24) \
	ZERO(Z25) \
	ZERO(Z26) \
	ZERO(Z27) \
	PRODUCT(Z0, Z5, Z10, Z19) \
	PRODUCT(Z0, Z6, Z11, Z20) \
	PRODUCT(Z0, Z7, Z12, Z21) \
	PRODUCT(Z0, Z8, Z13, Z22) \
	PRODUCT(Z0, Z9, Z14, Z23) \
	PRODUCT(Z1, Z5, Z11, Z20) \
	PRODUCT(Z1, Z6, Z12, Z21) \
	PRODUCT(Z1, Z7, Z13, Z22) \
	PRODUCT(Z1, Z8, Z14, Z23) \
	PRODUCT(Z1, Z9, Z15, Z24) \
	PRODUCT(Z2, Z5, Z12, Z21) \
	PRODUCT(Z2, Z6, Z13, Z22) \
	PRODUCT(Z2, Z7, Z14, Z23) \
	PRODUCT(Z2, Z8, Z15, Z24) \
	PRODUCT(Z2, Z9, Z16, Z25) \
	PRODUCT(Z3, Z5, Z13, Z22) \
	PRODUCT(Z3, Z6, Z14, Z23) \
	PRODUCT(Z3, Z7, Z15, Z24) \
	PRODUCT(Z3, Z8, Z16, Z25) \
	PRODUCT(Z3, Z9, Z17, Z26) \
	PRODUCT(Z4, Z5, Z14, Z23) \
	PRODUCT(Z4, Z6, Z15, Z24) \
	PRODUCT(Z4, Z7, Z16, Z25) \
	PRODUCT(Z4, Z8, Z17, Z26) \
	PRODUCT(Z4, Z9, Z18, Z27) \
	TWICE(Z19, Z11) \
	TWICE(Z20, Z12) \
	TWICE(Z21, Z13) \
	TWICE(Z22, Z14) \
	TWICE(Z23, Z15) \
	TWICE(Z24, Z16) \
	TWICE(Z25, Z17) \
	TWICE(Z26, Z18) \
	VPADDQ Z27, Z27, Z27 \
	FOLD(Z15, Z10) \
	FOLD(Z16, Z11) \
	FOLD(Z17, Z12) \
	FOLD(Z18, Z13) \
	FOLD(Z27, Z14) \
	CARRY(Z10, Z11, Z12, Z13, Z14)
