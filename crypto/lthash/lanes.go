package lthash

import "encoding/binary"

// addLanesGeneric adds four lanes to a word, on any machine.
func addLanesGeneric(to *[words]uint64, from *[Size]byte) {
	for i := range to {
		a, b := to[i], binary.LittleEndian.Uint64(from[8*i:])
		to[i] = ((a &^ top) + (b &^ top)) ^ ((a ^ b) & top)
	}
}

func subtractLanesGeneric(to *[words]uint64, from *[Size]byte) {
	for i := range to {
		a, b := to[i], binary.LittleEndian.Uint64(from[8*i:])
		to[i] = ((a | top) - (b &^ top)) ^ ((a ^ ^b) & top)
	}
}
