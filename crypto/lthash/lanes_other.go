//go:build !amd64

package lthash

func addLanes(to *[words]uint64, from *[Size]byte) { addLanesGeneric(to, from) }

func subtractLanes(to *[words]uint64, from *[Size]byte) { subtractLanesGeneric(to, from) }
