package lthash

// addLanes and subtractLanes work lane by lane modulo 2^16. A word in memory is
// the eight bytes it is encoded as.

//go:noescape
func addLanes(to *[words]uint64, from *[Size]byte)

//go:noescape
func subtractLanes(to *[words]uint64, from *[Size]byte)
