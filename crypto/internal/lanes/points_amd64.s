//go:build amd64 && !purego

#include "textflag.h"
#include "field_amd64.h"

// Additions of two pairs of points at once, in the layout of type Coordinates:
// a register holds one limb of X, Y, Z, T of one point in its lower half and of
// another in its upper half. Lane numbers in comments are within a half.

#define BIAS0 Z30
#define BIAS Z31

// BIASES sets BIAS0 and BIAS to the limbs of 2(2^255 - 19), added before a
// subtraction; it changes AX.
#define BIASES \
	MOVQ $0xfffffffffffda, AX \
	VPBROADCASTQ AX, BIAS0 \
	MOVQ $0xffffffffffffe, AX \
	VPBROADCASTQ AX, BIAS

// SUMS of limb r with z a copy: y, z are permutations of r by the constants;
// lanes of K1 become y - z, lanes of K2 y + z, others y.
#define SUMS(bias, ofY, ofZ, r, z) \
	VPERMQ ofZ, r, z \
	VPERMQ ofY, r, r \
	VPADDQ bias, r, K1, r \
	VPSUBQ z, r, K1, r \
	VPADDQ z, r, K2, r

#define ALLSUMS(ofY, ofZ) \
	SUMS(BIAS0, ofY, ofZ, Z0, Z10) \
	SUMS(BIAS, ofY, ofZ, Z1, Z11) \
	SUMS(BIAS, ofY, ofZ, Z2, Z12) \
	SUMS(BIAS, ofY, ofZ, Z3, Z13) \
	SUMS(BIAS, ofY, ofZ, Z4, Z14)

// RECARRY carries Z0..Z4.
#define RECARRY \
	VMOVDQA64 Z0, Z10 \
	VMOVDQA64 Z1, Z11 \
	VMOVDQA64 Z2, Z12 \
	VMOVDQA64 Z3, Z13 \
	VMOVDQA64 Z4, Z14 \
	CARRY(Z10, Z11, Z12, Z13, Z14)

// MASKS sets the lanes that SUMS subtracts and adds; it changes AX.
#define MASKS(minus, plus) \
	MOVQ $minus, AX \
	KMOVB AX, K1 \
	MOVQ $plus, AX \
	KMOVB AX, K2

// PAIR loads two points, limb by limb.
#define PAIR(low, high, r0, r1, r2, r3, r4, y0, y1, y2, y3, y4) \
	VMOVDQU64 (low), y0 \
	VMOVDQU64 32(low), y1 \
	VMOVDQU64 64(low), y2 \
	VMOVDQU64 96(low), y3 \
	VMOVDQU64 128(low), y4 \
	VINSERTI64X4 $1, (high), r0, r0 \
	VINSERTI64X4 $1, 32(high), r1, r1 \
	VINSERTI64X4 $1, 64(high), r2, r2 \
	VINSERTI64X4 $1, 96(high), r3, r3 \
	VINSERTI64X4 $1, 128(high), r4, r4

#define STOREPAIR(low, high) \
	VMOVDQU64 Y0, (low) \
	VMOVDQU64 Y1, 32(low) \
	VMOVDQU64 Y2, 64(low) \
	VMOVDQU64 Y3, 96(low) \
	VMOVDQU64 Y4, 128(low) \
	VEXTRACTI64X4 $1, Z0, (high) \
	VEXTRACTI64X4 $1, Z1, 32(high) \
	VEXTRACTI64X4 $1, Z2, 64(high) \
	VEXTRACTI64X4 $1, Z3, 96(high) \
	VEXTRACTI64X4 $1, Z4, 128(high)

// NEGATE negates prepared points in the halves of K3: lanes 0 and 1 change
// places, and lane 3 (K4) changes its sign.
#define NEGATE(bias, r) \
	VPERMQ $0xe1, r, K3, r \
	VPSUBQ r, bias, K4, r

// func addPair(a, b, p, q *Coordinates, negative uint64)
//
// a += p and b += q, where p and q are prepared and negated first as the bits
// 0 to 3 (p) and 4 to 7 (q) of negative say.
TEXT ·addPair(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ p+16(FP), DX
	MOVQ q+24(FP), CX
	MOVQ negative+32(FP), BX
	CONSTANTS
	BIASES
	PAIR(DI, SI, Z0, Z1, Z2, Z3, Z4, Y0, Y1, Y2, Y3, Y4)
	PAIR(DX, CX, Z5, Z6, Z7, Z8, Z9, Y5, Y6, Y7, Y8, Y9)

	// Y-X, Y+X, Z, T of the sums so far.
	MASKS(0x11, 0x22)
	ALLSUMS($0xe5, $0x00)
	RECARRY
	KMOVB BX, K3
	ANDQ $0x88, BX
	KMOVB BX, K4
	NEGATE(BIAS0, Z5)
	NEGATE(BIAS, Z6)
	NEGATE(BIAS, Z7)
	NEGATE(BIAS, Z8)
	NEGATE(BIAS, Z9)
	MULTIPLY

	// Lanes are A, B, D, C; they become E = B-A, H = B+A, F = D-C, G = D+C.
	MASKS(0x55, 0xaa)
	ALLSUMS($0xa5, $0xf0)
	RECARRY

	// X = E·F, Y = H·G, Z = F·G, T = E·H.
	VPERMQ $0x7e, Z0, Z5
	VPERMQ $0x7e, Z1, Z6
	VPERMQ $0x7e, Z2, Z7
	VPERMQ $0x7e, Z3, Z8
	VPERMQ $0x7e, Z4, Z9
	VPERMQ $0x24, Z0, Z0
	VPERMQ $0x24, Z1, Z1
	VPERMQ $0x24, Z2, Z2
	VPERMQ $0x24, Z3, Z3
	VPERMQ $0x24, Z4, Z4
	MULTIPLY
	STOREPAIR(DI, SI)
	VZEROUPPER
	RET

// func preparePair(p, q, a, b, factors *Coordinates)
//
// p and q become Y-X, Y+X, 2Z, 2dT of a and b; factors are 1, 1, 2, 2d.
TEXT ·preparePair(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ p+0(FP), DI
	MOVQ q+8(FP), SI
	MOVQ a+16(FP), DX
	MOVQ b+24(FP), CX
	MOVQ factors+32(FP), BX
	CONSTANTS
	BIASES
	PAIR(DX, CX, Z0, Z1, Z2, Z3, Z4, Y0, Y1, Y2, Y3, Y4)
	PAIR(BX, BX, Z5, Z6, Z7, Z8, Z9, Y5, Y6, Y7, Y8, Y9)
	RECARRY
	MASKS(0x11, 0x22)
	ALLSUMS($0xe5, $0x00)
	RECARRY
	MULTIPLY
	STOREPAIR(DI, SI)
	VZEROUPPER
	RET
