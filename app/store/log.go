package store

import (
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
)

// Entry of the ballot log.
type Entry struct {
	Index    uint64
	Height   int64
	Position uint32
	Kind     uint32
	Hash     [32]byte
}

// Node makes the snapshot a merkle.NodeReader of the ballot log.
func (s *Snapshot) Node(id merkle.NodeID) (merkle.Hash, error) {
	b := s.get("read ballot log", nodeKey(id))
	if len(b) != merkle.HashSize {
		return merkle.Hash{}, fmt.Errorf("node %d of level %d of the ballot log: %w", id.Index, id.Level, errCorrupt)
	}
	return merkle.Hash(b), nil
}

// LogRoot is the root of the log when it had so many entries.
func (s *Snapshot) LogRoot(size uint64) (merkle.Hash, error) {
	if size > s.frontier.Size() {
		return merkle.Hash{}, fmt.Errorf("root of %d entries: the log has %d: %w", size, s.frontier.Size(), merkle.ErrRange)
	}
	f, err := merkle.FrontierAt(s, size)
	if err != nil {
		return merkle.Hash{}, err
	}
	return f.Root(), nil
}

// LogInclusion proves an entry in the log of the first size entries.
func (s *Snapshot) LogInclusion(index, size uint64) (merkle.InclusionProof, error) {
	if size > s.frontier.Size() {
		return merkle.InclusionProof{}, fmt.Errorf("prove entry %d in %d: the log has %d: %w", index, size, s.frontier.Size(), merkle.ErrRange)
	}
	return merkle.ProveInclusion(s, index, size)
}

// LogConsistency proves that the log only grew.
func (s *Snapshot) LogConsistency(older, newer uint64) ([]merkle.Hash, error) {
	if newer > s.frontier.Size() {
		return nil, fmt.Errorf("prove consistency with %d entries: the log has %d: %w", newer, s.frontier.Size(), merkle.ErrRange)
	}
	return merkle.ProveConsistency(s, older, newer)
}

// LogEntry reads one entry.
func (s *Snapshot) LogEntry(index uint64) (Entry, bool) {
	b := s.get("read ballot log", loggedKey(index))
	if b == nil {
		return Entry{}, false
	}
	return decodeEntry(index, b), true
}

// LogEntries reads up to limit entries in order.
func (s *Snapshot) LogEntries(from uint64, limit int) []Entry {
	var out []Entry
	if limit <= 0 {
		return nil
	}
	s.scan([]byte{spaceLogged}, loggedKey(from), func(key, value []byte) bool {
		out = append(out, decodeEntry(binary.BigEndian.Uint64(key[1:]), value))
		return len(out) < limit
	})
	return out
}

// ElectionLog reads up to limit entries of one kind that touched an election,
// in order.
func (s *Snapshot) ElectionLog(election [32]byte, kind uint32, from uint64, limit int) []Entry {
	if limit <= 0 {
		return nil
	}
	var indices []uint64
	start := ofKey(election, kind, from)
	s.scan(start[:len(start)-8], start, func(key, _ []byte) bool {
		indices = append(indices, binary.BigEndian.Uint64(key[len(key)-8:]))
		return len(indices) < limit
	})
	out := make([]Entry, 0, len(indices))
	for _, i := range indices {
		e, ok := s.LogEntry(i)
		if !ok {
			fail("read ballot log", fmt.Errorf("entry %d is missing: %w", i, errCorrupt))
		}
		out = append(out, e)
	}
	return out
}

func (e Entry) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 48), uint64(e.Height))
	b = binary.BigEndian.AppendUint32(b, e.Position)
	b = binary.BigEndian.AppendUint32(b, e.Kind)
	return append(b, e.Hash[:]...)
}

func decodeEntry(index uint64, b []byte) Entry {
	if len(b) != 48 {
		fail("read ballot log", fmt.Errorf("entry %d has %d bytes: %w", index, len(b), errCorrupt))
	}
	return Entry{
		Index:    index,
		Height:   int64(binary.BigEndian.Uint64(b)),
		Position: binary.BigEndian.Uint32(b[8:]),
		Kind:     binary.BigEndian.Uint32(b[12:]),
		Hash:     [32]byte(b[16:]),
	}
}
