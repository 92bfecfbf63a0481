#include "textflag.h"

// The compression of BLAKE3 in sixteen lanes of 32 bits: Z0–Z15 are the state,
// Z16–Z31 the words of the message. One step of four mixings at a time, so that
// none waits for another.

#define MIX(a0, a1, a2, a3, b0, b1, b2, b3, m0, m1, m2, m3) \
	VPADDD b0, a0, a0; VPADDD b1, a1, a1; VPADDD b2, a2, a2; VPADDD b3, a3, a3 \
	VPADDD m0, a0, a0; VPADDD m1, a1, a1; VPADDD m2, a2, a2; VPADDD m3, a3, a3

#define ADD(a0, a1, a2, a3, b0, b1, b2, b3) \
	VPADDD b0, a0, a0; VPADDD b1, a1, a1; VPADDD b2, a2, a2; VPADDD b3, a3, a3

#define TURN(n, a0, a1, a2, a3, b0, b1, b2, b3) \
	VPXORD b0, a0, a0; VPXORD b1, a1, a1; VPXORD b2, a2, a2; VPXORD b3, a3, a3 \
	VPRORD $n, a0, a0; VPRORD $n, a1, a1; VPRORD $n, a2, a2; VPRORD $n, a3, a3

#define HALF(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, m0, m1, m2, m3, m4, m5, m6, m7) \
	MIX(a0, a1, a2, a3, b0, b1, b2, b3, m0, m2, m4, m6)  \
	TURN(16, d0, d1, d2, d3, a0, a1, a2, a3)             \
	ADD(c0, c1, c2, c3, d0, d1, d2, d3)                  \
	TURN(12, b0, b1, b2, b3, c0, c1, c2, c3)             \
	MIX(a0, a1, a2, a3, b0, b1, b2, b3, m1, m3, m5, m7)  \
	TURN(8, d0, d1, d2, d3, a0, a1, a2, a3)              \
	ADD(c0, c1, c2, c3, d0, d1, d2, d3)                  \
	TURN(7, b0, b1, b2, b3, c0, c1, c2, c3)

#define ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15) \
	HALF(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, m0, m1, m2, m3, m4, m5, m6, m7) \
	HALF(Z0, Z1, Z2, Z3, Z5, Z6, Z7, Z4, Z10, Z11, Z8, Z9, Z15, Z12, Z13, Z14, m8, m9, m10, m11, m12, m13, m14, m15)

// The words of the message change places from round to round.
#define ROUNDS \
	ROUND(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31) \
	ROUND(Z18, Z22, Z19, Z26, Z23, Z16, Z20, Z29, Z17, Z27, Z28, Z21, Z25, Z30, Z31, Z24) \
	ROUND(Z19, Z20, Z26, Z28, Z29, Z18, Z23, Z30, Z22, Z21, Z25, Z16, Z27, Z31, Z24, Z17) \
	ROUND(Z26, Z23, Z28, Z25, Z30, Z19, Z29, Z31, Z20, Z16, Z27, Z18, Z21, Z24, Z17, Z22) \
	ROUND(Z28, Z29, Z25, Z27, Z31, Z26, Z30, Z24, Z23, Z18, Z21, Z19, Z16, Z17, Z22, Z20) \
	ROUND(Z25, Z30, Z27, Z21, Z24, Z28, Z31, Z17, Z29, Z19, Z16, Z26, Z18, Z22, Z20, Z23) \
	ROUND(Z27, Z31, Z21, Z16, Z17, Z25, Z24, Z22, Z30, Z26, Z18, Z28, Z19, Z20, Z23, Z29)

DATA iv<>+0(SB)/4, $0x6a09e667
DATA iv<>+4(SB)/4, $0xbb67ae85
DATA iv<>+8(SB)/4, $0x3c6ef372
DATA iv<>+12(SB)/4, $0xa54ff53a
DATA iv<>+16(SB)/4, $0x510e527f
DATA iv<>+20(SB)/4, $0x9b05688c
DATA iv<>+24(SB)/4, $0x1f83d9ab
DATA iv<>+28(SB)/4, $0x5be0cd19
GLOBL iv<>(SB), RODATA|NOPTR, $32

DATA count<>+0(SB)/4, $0
DATA count<>+4(SB)/4, $1
DATA count<>+8(SB)/4, $2
DATA count<>+12(SB)/4, $3
DATA count<>+16(SB)/4, $4
DATA count<>+20(SB)/4, $5
DATA count<>+24(SB)/4, $6
DATA count<>+28(SB)/4, $7
DATA count<>+32(SB)/4, $8
DATA count<>+36(SB)/4, $9
DATA count<>+40(SB)/4, $10
DATA count<>+44(SB)/4, $11
DATA count<>+48(SB)/4, $12
DATA count<>+52(SB)/4, $13
DATA count<>+56(SB)/4, $14
DATA count<>+60(SB)/4, $15
GLOBL count<>(SB), RODATA|NOPTR, $64

DATA stride<>+0(SB)/4, $0
DATA stride<>+4(SB)/4, $136
DATA stride<>+8(SB)/4, $272
DATA stride<>+12(SB)/4, $408
DATA stride<>+16(SB)/4, $544
DATA stride<>+20(SB)/4, $680
DATA stride<>+24(SB)/4, $816
DATA stride<>+28(SB)/4, $952
DATA stride<>+32(SB)/4, $1088
DATA stride<>+36(SB)/4, $1224
DATA stride<>+40(SB)/4, $1360
DATA stride<>+44(SB)/4, $1496
DATA stride<>+48(SB)/4, $1632
DATA stride<>+52(SB)/4, $1768
DATA stride<>+56(SB)/4, $1904
DATA stride<>+60(SB)/4, $2040
GLOBL stride<>(SB), RODATA|NOPTR, $64

// func firstBlocks(cvs *[8][atOnce]uint32, slots *[atOnce]slot)
//
// The chaining values after the first blocks of sixteen inputs, a lane each.
TEXT ·firstBlocks(SB), NOSPLIT, $0-16
	MOVQ      cvs+0(FP), DI
	MOVQ      slots+8(FP), SI
	VMOVDQU32 stride<>(SB), Z15

	KXNORW     K1, K1, K1
	VPGATHERDD 0(SI)(Z15*1), K1, Z16
	KXNORW     K1, K1, K1
	VPGATHERDD 4(SI)(Z15*1), K1, Z17
	KXNORW     K1, K1, K1
	VPGATHERDD 8(SI)(Z15*1), K1, Z18
	KXNORW     K1, K1, K1
	VPGATHERDD 12(SI)(Z15*1), K1, Z19
	KXNORW     K1, K1, K1
	VPGATHERDD 16(SI)(Z15*1), K1, Z20
	KXNORW     K1, K1, K1
	VPGATHERDD 20(SI)(Z15*1), K1, Z21
	KXNORW     K1, K1, K1
	VPGATHERDD 24(SI)(Z15*1), K1, Z22
	KXNORW     K1, K1, K1
	VPGATHERDD 28(SI)(Z15*1), K1, Z23
	KXNORW     K1, K1, K1
	VPGATHERDD 32(SI)(Z15*1), K1, Z24
	KXNORW     K1, K1, K1
	VPGATHERDD 36(SI)(Z15*1), K1, Z25
	KXNORW     K1, K1, K1
	VPGATHERDD 40(SI)(Z15*1), K1, Z26
	KXNORW     K1, K1, K1
	VPGATHERDD 44(SI)(Z15*1), K1, Z27
	KXNORW     K1, K1, K1
	VPGATHERDD 48(SI)(Z15*1), K1, Z28
	KXNORW     K1, K1, K1
	VPGATHERDD 52(SI)(Z15*1), K1, Z29
	KXNORW     K1, K1, K1
	VPGATHERDD 56(SI)(Z15*1), K1, Z30
	KXNORW     K1, K1, K1
	VPGATHERDD 60(SI)(Z15*1), K1, Z31

	LEAQ         iv<>(SB), R8
	VPBROADCASTD 0(R8), Z0
	VPBROADCASTD 4(R8), Z1
	VPBROADCASTD 8(R8), Z2
	VPBROADCASTD 12(R8), Z3
	VPBROADCASTD 16(R8), Z4
	VPBROADCASTD 20(R8), Z5
	VPBROADCASTD 24(R8), Z6
	VPBROADCASTD 28(R8), Z7
	VMOVDQA32    Z0, Z8
	VMOVDQA32    Z1, Z9
	VMOVDQA32    Z2, Z10
	VMOVDQA32    Z3, Z11
	VPXORD       Z12, Z12, Z12
	VPXORD       Z13, Z13, Z13
	MOVL         $64, AX
	VPBROADCASTD AX, Z14
	MOVL         $1, AX           // the start of a chunk
	VPBROADCASTD AX, Z15

	ROUNDS

	VPXORD    Z8, Z0, Z0
	VMOVDQU32 Z0, 0(DI)
	VPXORD    Z9, Z1, Z1
	VMOVDQU32 Z1, 64(DI)
	VPXORD    Z10, Z2, Z2
	VMOVDQU32 Z2, 128(DI)
	VPXORD    Z11, Z3, Z3
	VMOVDQU32 Z3, 192(DI)
	VPXORD    Z12, Z4, Z4
	VMOVDQU32 Z4, 256(DI)
	VPXORD    Z13, Z5, Z5
	VMOVDQU32 Z5, 320(DI)
	VPXORD    Z14, Z6, Z6
	VMOVDQU32 Z6, 384(DI)
	VPXORD    Z15, Z7, Z7
	VMOVDQU32 Z7, 448(DI)

	VZEROUPPER
	RET

// func addOutputs(sums *[2][16][atOnce]uint32, slots *[atOnce]slot, cvs *[8][atOnce]uint32, n int)
//
// For each of the first n slots the thirty-two blocks of its output, a lane each
// of two vectors, are added to the sums. They are never put in the order of
// their bytes: sums can be, in the end.
TEXT ·addOutputs(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), DI
	MOVQ slots+8(FP), SI
	MOVQ cvs+16(FP), DX
	MOVQ n+24(FP), CX
	LEAQ iv<>(SB), R8
	MOVL $16, R9

slot:
	VMOVDQU32 count<>(SB), Z12
	MOVQ      $2, BX

	VPBROADCASTD 64(SI), Z16
	VPBROADCASTD 68(SI), Z17
	VPBROADCASTD 72(SI), Z18
	VPBROADCASTD 76(SI), Z19
	VPBROADCASTD 80(SI), Z20
	VPBROADCASTD 84(SI), Z21
	VPBROADCASTD 88(SI), Z22
	VPBROADCASTD 92(SI), Z23
	VPBROADCASTD 96(SI), Z24
	VPBROADCASTD 100(SI), Z25
	VPBROADCASTD 104(SI), Z26
	VPBROADCASTD 108(SI), Z27
	VPBROADCASTD 112(SI), Z28
	VPBROADCASTD 116(SI), Z29
	VPBROADCASTD 120(SI), Z30
	VPBROADCASTD 124(SI), Z31

half:
	VPBROADCASTD 0(DX), Z0
	VPBROADCASTD 64(DX), Z1
	VPBROADCASTD 128(DX), Z2
	VPBROADCASTD 192(DX), Z3
	VPBROADCASTD 256(DX), Z4
	VPBROADCASTD 320(DX), Z5
	VPBROADCASTD 384(DX), Z6
	VPBROADCASTD 448(DX), Z7

	VPBROADCASTD 0(R8), Z8
	VPBROADCASTD 4(R8), Z9
	VPBROADCASTD 8(R8), Z10
	VPBROADCASTD 12(R8), Z11
	VPXORD       Z13, Z13, Z13
	VPBROADCASTD 128(SI), Z14
	VPBROADCASTD 132(SI), Z15

	ROUNDS

	// The second half of a block is that of the state and the chaining value.
	VPXORD      Z8, Z0, Z0
	VPADDW      0(DI), Z0, Z0
	VMOVDQU32   Z0, 0(DI)
	VPXORD.BCST 0(DX), Z8, Z8
	VPADDW      512(DI), Z8, Z8
	VMOVDQU32   Z8, 512(DI)
	VPXORD      Z9, Z1, Z1
	VPADDW      64(DI), Z1, Z1
	VMOVDQU32   Z1, 64(DI)
	VPXORD.BCST 64(DX), Z9, Z9
	VPADDW      576(DI), Z9, Z9
	VMOVDQU32   Z9, 576(DI)
	VPXORD      Z10, Z2, Z2
	VPADDW      128(DI), Z2, Z2
	VMOVDQU32   Z2, 128(DI)
	VPXORD.BCST 128(DX), Z10, Z10
	VPADDW      640(DI), Z10, Z10
	VMOVDQU32   Z10, 640(DI)
	VPXORD      Z11, Z3, Z3
	VPADDW      192(DI), Z3, Z3
	VMOVDQU32   Z3, 192(DI)
	VPXORD.BCST 192(DX), Z11, Z11
	VPADDW      704(DI), Z11, Z11
	VMOVDQU32   Z11, 704(DI)
	VPXORD      Z12, Z4, Z4
	VPADDW      256(DI), Z4, Z4
	VMOVDQU32   Z4, 256(DI)
	VPXORD.BCST 256(DX), Z12, Z12
	VPADDW      768(DI), Z12, Z12
	VMOVDQU32   Z12, 768(DI)
	VPXORD      Z13, Z5, Z5
	VPADDW      320(DI), Z5, Z5
	VMOVDQU32   Z5, 320(DI)
	VPXORD.BCST 320(DX), Z13, Z13
	VPADDW      832(DI), Z13, Z13
	VMOVDQU32   Z13, 832(DI)
	VPXORD      Z14, Z6, Z6
	VPADDW      384(DI), Z6, Z6
	VMOVDQU32   Z6, 384(DI)
	VPXORD.BCST 384(DX), Z14, Z14
	VPADDW      896(DI), Z14, Z14
	VMOVDQU32   Z14, 896(DI)
	VPXORD      Z15, Z7, Z7
	VPADDW      448(DI), Z7, Z7
	VMOVDQU32   Z7, 448(DI)
	VPXORD.BCST 448(DX), Z15, Z15
	VPADDW      960(DI), Z15, Z15
	VMOVDQU32   Z15, 960(DI)

	VMOVDQU32    count<>(SB), Z12
	VPBROADCASTD R9, Z13
	VPADDD       Z13, Z12, Z12
	ADDQ         $1024, DI
	DECQ         BX
	JNZ          half

	SUBQ $2048, DI
	ADDQ $136, SI
	ADDQ $4, DX
	DECQ CX
	JNZ  slot
	VZEROUPPER
	RET
