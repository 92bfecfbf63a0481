package lthash

import (
	"encoding/binary"

	"lukechampine.com/blake3/guts"
)

// Adder sums up many pairs, quicker than one after the other where the machine
// can. The zero value is the digest of the empty set.
type Adder struct {
	rest Hash // of what is not in sums

	// sums of the 32-bit words of the output: word by word for its first sixteen
	// blocks, then for the others.
	sums  [2][16][atOnce]uint32
	slots [atOnce]slot
	cvs   [8][atOnce]uint32
	used  int
	// known are the chaining values of slots with no first block.
	known [atOnce]*[8]uint32
	long  [atOnce][8]uint32
	in    [guts.ChunkSize]byte
}

// atOnce is how many pairs wait for each other, and how many blocks of output are
// made at a time.
const atOnce = 16

// slot is an input of BLAKE3 that waits: the first of two blocks, and the last with
// its length and flags.
type slot struct {
	first, last   [guts.BlockSize]byte
	length, flags uint32
}

// Add puts (key, value) into the set. The caller knows that it is not there.
func (a *Adder) Add(key, value []byte) {
	size := len(label) + 8 + len(key) + len(value)
	if !together || size > guts.ChunkSize {
		a.rest.Add(key, value)
		return
	}
	in := append(a.in[:0], label...)
	in = binary.BigEndian.AppendUint64(in, uint64(len(key)))
	in = append(append(in, key...), value...)

	s := &a.slots[a.used]
	s.flags = guts.FlagChunkEnd | guts.FlagRoot
	a.known[a.used] = nil
	switch {
	case size <= guts.BlockSize:
		s.flags |= guts.FlagChunkStart
		a.known[a.used] = &guts.IV
	case size <= 2*guts.BlockSize:
		s.first = [guts.BlockSize]byte(in)
		in = in[guts.BlockSize:]
	default:
		a.long[a.used] = guts.CompressChunk(in, &guts.IV, 0, 0).CV
		a.known[a.used] = &a.long[a.used]
		in = in[(size-1)/guts.BlockSize*guts.BlockSize:]
	}
	s.length = uint32(copy(s.last[:], in))
	clear(s.last[len(in):])
	if a.used++; a.used == atOnce {
		a.flush()
	}
}

// flush hashes what waits.
func (a *Adder) flush() {
	firstBlocks(&a.cvs, &a.slots)
	for i, cv := range a.known[:a.used] {
		if cv != nil {
			for w := range cv {
				a.cvs[w][i] = cv[w]
			}
		}
	}
	addOutputs(&a.sums, &a.slots, &a.cvs, a.used)
	a.used = 0
}

// Sum is the digest of all that was added.
func (a *Adder) Sum() Hash {
	if a.used > 0 {
		a.flush()
	}
	var b [Size]byte
	for half := range a.sums {
		for w := range a.sums[half] {
			for block, sum := range a.sums[half][w] {
				binary.LittleEndian.PutUint32(b[(half*atOnce+block)*guts.BlockSize+4*w:], sum)
			}
		}
	}
	h := fromBytes(&b)
	h.Combine(&a.rest)
	return h
}
