package bitproof

import (
	"encoding/binary"
	"sync"

	"github.com/urna-vote/urna/crypto/group"
)

// Domain separation tags of the generators.
const (
	tagG = "urna/v1/bitproof/G"
	tagH = "urna/v1/bitproof/H"
)

// The generators made so far. They are a pure function of the index, so the
// cache changes no answer.
var generators struct {
	sync.Mutex
	g, h []group.Point
}

// Generators returns G_1..G_n and H_1..H_n. The caller must not change them.
func Generators(n int) (g, h []group.Point) {
	generators.Lock()
	defer generators.Unlock()
	for i := len(generators.g); i < n; i++ {
		var index [4]byte
		binary.BigEndian.PutUint32(index[:], uint32(i+1))
		generators.g = append(generators.g, group.HashToGroup([]byte(tagG), index[:]))
		generators.h = append(generators.h, group.HashToGroup([]byte(tagH), index[:]))
	}
	return generators.g[:n:n], generators.h[:n:n]
}
