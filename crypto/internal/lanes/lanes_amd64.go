//go:build amd64 && !purego

package lanes

import "golang.org/x/sys/cpu"

// Available reports whether this machine multiplies eight lanes at once.
func Available() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512IFMA
}

//go:noescape
func mul(out, a, b *Eight)

//go:noescape
func square(out, a *Eight, times uint64)

//go:noescape
func addPair(a, b, p, q *Coordinates, negative uint64)

//go:noescape
func preparePair(p, q, a, b, factors *Coordinates)
