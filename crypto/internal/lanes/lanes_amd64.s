//go:build amd64 && !purego

#include "textflag.h"
#include "field_amd64.h"

// Eight products or squares modulo 2^255 - 19 at once, in the layout of type
// Eight: one register holds one limb of all lanes, 51 bits of it in use.

// func mul(out, a, b *Eight)
TEXT ·mul(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	CONSTANTS
	LOAD(SI, Z0, Z1, Z2, Z3, Z4)
	LOAD(DX, Z5, Z6, Z7, Z8, Z9)
	MULTIPLY
	STORE(Z0, Z1, Z2, Z3, Z4, DI)
	VZEROUPPER
	RET

// func square(out, a *Eight, times uint64)
//
// A square has each product of two different limbs twice, so columns gather
// by weight: D is counted once, Y twice and W four times.
//
//	D0 D2 D4 D6 D8  Z5..Z9     low halves of squares of limbs
//	Y1..Y9          Z10..Z18   low halves of products, high halves of squares
//	W2..W8          Z19..Z25   high halves of products
TEXT ·square(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ times+16(FP), CX
	CONSTANTS
	LOAD(SI, Z0, Z1, Z2, Z3, Z4)

again:
	ZERO(Z5)
	ZERO(Z6)
	ZERO(Z7)
	ZERO(Z8)
	ZERO(Z9)
	ZERO(Z10)
	ZERO(Z11)
	ZERO(Z12)
	ZERO(Z13)
	ZERO(Z14)
	ZERO(Z15)
	ZERO(Z16)
	ZERO(Z17)
	ZERO(Z18)
	ZERO(Z19)
	ZERO(Z20)
	ZERO(Z21)
	ZERO(Z22)
	ZERO(Z23)
	ZERO(Z24)
	ZERO(Z25)
	PRODUCT(Z0, Z0, Z5, Z10)
	PRODUCT(Z0, Z1, Z10, Z19)
	PRODUCT(Z0, Z2, Z11, Z20)
	PRODUCT(Z0, Z3, Z12, Z21)
	PRODUCT(Z0, Z4, Z13, Z22)
	PRODUCT(Z1, Z1, Z6, Z12)
	PRODUCT(Z1, Z2, Z12, Z21)
	PRODUCT(Z1, Z3, Z13, Z22)
	PRODUCT(Z1, Z4, Z14, Z23)
	PRODUCT(Z2, Z2, Z7, Z14)
	PRODUCT(Z2, Z3, Z14, Z23)
	PRODUCT(Z2, Z4, Z15, Z24)
	PRODUCT(Z3, Z3, Z8, Z16)
	PRODUCT(Z3, Z4, Z16, Z25)
	PRODUCT(Z4, Z4, Z9, Z18)

	// Columns 0..9 become Z5 Z10 Z6 Z12 Z7 Z14 Z8 Z16 Z9 Z18.
	TWICE(Z19, Z11)
	TWICE(Z20, Z12)
	TWICE(Z21, Z13)
	TWICE(Z22, Z14)
	TWICE(Z23, Z15)
	TWICE(Z24, Z16)
	TWICE(Z25, Z17)
	TWICE(Z11, Z6)
	TWICE(Z13, Z7)
	TWICE(Z15, Z8)
	TWICE(Z17, Z9)
	VPADDQ Z10, Z10, Z10
	VPADDQ Z12, Z12, Z12
	VPADDQ Z14, Z14, Z14
	VPADDQ Z16, Z16, Z16
	VPADDQ Z18, Z18, Z18
	FOLD(Z14, Z5)
	FOLD(Z8, Z10)
	FOLD(Z16, Z6)
	FOLD(Z9, Z12)
	FOLD(Z18, Z7)
	CARRY(Z5, Z10, Z6, Z12, Z7)
	DECQ CX
	JNZ again
	STORE(Z0, Z1, Z2, Z3, Z4, DI)
	VZEROUPPER
	RET
