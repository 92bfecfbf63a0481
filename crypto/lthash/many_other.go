//go:build !amd64

package lthash

// together says that the machine hashes sixteen pairs together.
const together = false

func firstBlocks(*[8][atOnce]uint32, *[atOnce]slot) { panic("lthash: not on this machine") }

func addOutputs(*[2][16][atOnce]uint32, *[atOnce]slot, *[8][atOnce]uint32, int) {
	panic("lthash: not on this machine")
}
