package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// Format of snapshots that this program writes and takes.
const Format = 1

// MaxManifest is the largest manifest: the engine hands it on in one message
// of at most 4,000,000 bytes. It is enough for about 15 GB of state.
const MaxManifest = 3_900_000

// Classes of refusal.
var (
	// ErrManifest: the manifest is not that of a state with the given hash.
	ErrManifest = errors.New("snapshot's manifest is refused")
	// ErrTransfer: the bytes of a chunk are not those the manifest names.
	ErrTransfer = errors.New("chunk is not the one the manifest names")
	// ErrContent: the chunk is the one the manifest names, and is wrong.
	ErrContent = errors.New("chunk of the snapshot is refused")
)

// StateChunk names a chunk of state pairs.
type StateChunk struct {
	// Sum is SHA-256 of the chunk: it tells a chunk that was altered on its way
	// from one that was wrong from the beginning.
	Sum [32]byte
	// Digest of the pairs in the chunk.
	Digest lthash.Hash
}

// Manifest says of what height a snapshot is and what its chunks must be.
type Manifest struct {
	Height    int64
	Leaves    store.Leaves
	Elections []store.ElectionLeaf
	State     []StateChunk
	// Log has the roots of the log's chunks.
	Log []merkle.Hash
}

const (
	headBytes     = 8 + 8 + 4 + 8 + 3*32
	electionBytes = 64
	stateBytes    = 32 + lthash.Size
)

// Chunks is their number: those of the state come first.
func (m *Manifest) Chunks() int { return len(m.State) + len(m.Log) }

// Encode is the manifest's bytes.
func (m *Manifest) Encode() []byte {
	b := make([]byte, 0, headBytes+12+len(m.Elections)*electionBytes+len(m.State)*stateBytes+len(m.Log)*merkle.HashSize)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Height))
	b = binary.BigEndian.AppendUint64(b, uint64(m.Leaves.TimeMS))
	b = binary.BigEndian.AppendUint32(b, m.Leaves.Rules)
	b = binary.BigEndian.AppendUint64(b, m.Leaves.LogSize)
	b = append(b, m.Leaves.LogRoot[:]...)
	b = append(b, m.Leaves.State[:]...)
	b = append(b, m.Leaves.Elections[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Elections)))
	for _, e := range m.Elections {
		b = append(append(b, e.ID[:]...), e.Root[:]...)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.State)))
	for i := range m.State {
		b = append(append(b, m.State[i].Sum[:]...), m.State[i].Digest.Marshal()...)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Log)))
	for _, root := range m.Log {
		b = append(b, root[:]...)
	}
	return b
}

// Hash names the snapshot.
func Hash(manifest []byte) [32]byte { return sha256.Sum256(manifest) }

// Decode reads a manifest. It checks the form only.
func Decode(b []byte) (*Manifest, error) {
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrManifest, len(b), MaxManifest)
	}
	r := reader{left: b}
	m := &Manifest{}
	if head := r.take(headBytes); head != nil {
		m.Height = int64(binary.BigEndian.Uint64(head))
		m.Leaves = store.Leaves{
			TimeMS:    int64(binary.BigEndian.Uint64(head[8:])),
			Rules:     binary.BigEndian.Uint32(head[16:]),
			LogSize:   binary.BigEndian.Uint64(head[20:]),
			LogRoot:   merkle.Hash(head[28:60]),
			State:     merkle.Hash(head[60:92]),
			Elections: merkle.Hash(head[92:124]),
		}
	}
	for range r.count(electionBytes) {
		e := r.take(electionBytes)
		m.Elections = append(m.Elections, store.ElectionLeaf{ID: [32]byte(e[:32]), Root: merkle.Hash(e[32:])})
	}
	for range r.count(stateBytes) {
		c := r.take(stateBytes)
		digest, err := lthash.Unmarshal(c[32:])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrManifest, err)
		}
		m.State = append(m.State, StateChunk{Sum: [32]byte(c[:32]), Digest: digest})
	}
	for range r.count(merkle.HashSize) {
		m.Log = append(m.Log, merkle.Hash(r.take(merkle.HashSize)))
	}
	if r.short || len(r.left) > 0 {
		return nil, fmt.Errorf("%w: its %d bytes are not those of a manifest", ErrManifest, len(b))
	}
	return m, nil
}

// reader takes bytes off the front until there are too few.
type reader struct {
	left  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || len(r.left) < n {
		r.short = true
		return nil
	}
	out := r.left[:n]
	r.left = r.left[n:]
	return out
}

// count reads how many items of a size follow; none unless all are there.
func (r *reader) count(size int) int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	n := int(binary.BigEndian.Uint32(b))
	if n > len(r.left)/size {
		r.short = true
		return 0
	}
	return n
}

// Check compares the manifest with a height and the application hash of that
// height, which come from a verified header. Afterwards a snapshot whose chunks
// agree with the manifest is the state of that height.
func (m *Manifest) Check(height int64, appHash []byte) error {
	refuse := func(what string) error { return fmt.Errorf("%w: height %d: %s", ErrManifest, height, what) }
	if m.Height != height {
		return refuse(fmt.Sprintf("it is of height %d", m.Height))
	}
	if hash := m.Leaves.AppHash(); !bytes.Equal(hash[:], appHash) {
		return refuse(fmt.Sprintf("its leaves hash to %x, the validators committed %x", hash, appHash))
	}
	for i := 1; i < len(m.Elections); i++ {
		if store.CompareLeaves(m.Elections[i-1], m.Elections[i]) >= 0 {
			return refuse("elections do not ascend")
		}
	}
	if store.ElectionsRoot(m.Elections) != m.Leaves.Elections {
		return refuse("its elections do not give the leaf \"elections\"")
	}
	if len(m.State) == 0 {
		return refuse("it has no state")
	}
	var digest lthash.Hash
	for i := range m.State {
		digest.Combine(&m.State[i].Digest)
	}
	if digest.Sum32() != m.Leaves.State {
		return refuse("the digests of its chunks do not add up to the state digest")
	}
	if m.Leaves.LogSize > merkle.MaxSize || uint64(len(m.Log)) != logChunks(m.Leaves.LogSize) || treeRoot(m.Log) != m.Leaves.LogRoot {
		return refuse("the roots of its chunks do not give the root of the ballot log")
	}
	return nil
}
