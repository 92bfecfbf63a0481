package store

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
)

// Leaves are what the application hash of a height is made of.
type Leaves struct {
	TimeMS    int64
	Rules     uint32
	LogSize   uint64
	LogRoot   merkle.Hash
	State     merkle.Hash
	Elections merkle.Hash
}

// AppHash is the root of the leaves.
func (l Leaves) AppHash() merkle.Hash {
	tree, err := merkle.Named([]merkle.Field{
		{Name: "elections", Value: l.Elections[:]},
		{Name: "log", Value: binary.BigEndian.AppendUint64(l.LogRoot[:], l.LogSize)},
		{Name: "rules", Value: binary.BigEndian.AppendUint32(nil, l.Rules)},
		{Name: "state", Value: l.State[:]},
		{Name: "time", Value: binary.BigEndian.AppendUint64(nil, uint64(l.TimeMS))},
	})
	if err != nil {
		panic("store: five different names: " + err.Error())
	}
	return tree.Root()
}

// Height is the record of a committed height.
type Height struct {
	Height int64
	Leaves
	AppHash merkle.Hash
}

// ElectionLeaf is the root of an election's summary.
type ElectionLeaf struct {
	ID   [32]byte
	Root merkle.Hash
}

// ElectionName is the name of an election's leaf.
func ElectionName(id [32]byte) string { return hex.EncodeToString(id[:]) }

// ElectionTree is the tree behind the "elections" leaf, nil if there is no
// election. Leaves ascend by id.
func ElectionTree(leaves []ElectionLeaf) *merkle.NamedTree {
	if len(leaves) == 0 {
		return nil
	}
	fields := make([]merkle.Field, len(leaves))
	for i := range leaves {
		fields[i] = merkle.Field{Name: ElectionName(leaves[i].ID), Value: leaves[i].Root[:]}
	}
	tree, err := merkle.Named(fields)
	if err != nil {
		panic("store: elections with one id: " + err.Error())
	}
	return tree
}

func electionsRoot(leaves []ElectionLeaf) merkle.Hash {
	if tree := ElectionTree(leaves); tree != nil {
		return tree.Root()
	}
	return merkle.Hash{}
}

const heightSize = 8 + 8 + 4 + 8 + 3*32 + 32

func (h Height) encode() []byte {
	b := make([]byte, 0, heightSize)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Height))
	b = binary.BigEndian.AppendUint64(b, uint64(h.TimeMS))
	b = binary.BigEndian.AppendUint32(b, h.Rules)
	b = binary.BigEndian.AppendUint64(b, h.LogSize)
	b = append(b, h.LogRoot[:]...)
	b = append(b, h.State[:]...)
	b = append(b, h.Elections[:]...)
	return append(b, h.AppHash[:]...)
}

func decodeHeight(b []byte) (Height, error) {
	if len(b) != heightSize {
		return Height{}, fmt.Errorf("record of a height has %d bytes: %w", len(b), errCorrupt)
	}
	h := Height{
		Height: int64(binary.BigEndian.Uint64(b)),
		Leaves: Leaves{
			TimeMS:    int64(binary.BigEndian.Uint64(b[8:])),
			Rules:     binary.BigEndian.Uint32(b[16:]),
			LogSize:   binary.BigEndian.Uint64(b[20:]),
			LogRoot:   merkle.Hash(b[28:60]),
			State:     merkle.Hash(b[60:92]),
			Elections: merkle.Hash(b[92:124]),
		},
		AppHash: merkle.Hash(b[124:]),
	}
	if h.Leaves.AppHash() != h.AppHash {
		return Height{}, fmt.Errorf("record of height %d does not give its application hash: %w", h.Height, errCorrupt)
	}
	return h, nil
}
