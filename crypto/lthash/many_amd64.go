package lthash

import "golang.org/x/sys/cpu"

// together says that the machine hashes sixteen pairs together.
var together = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW

//go:noescape
func firstBlocks(cvs *[8][atOnce]uint32, slots *[atOnce]slot)

//go:noescape
func addOutputs(sums *[2][16][atOnce]uint32, slots *[atOnce]slot, cvs *[8][atOnce]uint32, n int)
