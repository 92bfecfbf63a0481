package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/urna-vote/urna/crypto/merkle"
)

// Entry of the ballot log.
type Entry struct {
	Index uint64
	// Height and Position of the transaction; the height is −1, and position and
	// kind mean nothing, if this node began after it, from a snapshot.
	Height   int64
	Position uint32
	Kind     uint32
	Hash     [32]byte
}

// LogRoot is the root of the log when it had so many entries.
func (s *Snapshot) LogRoot(size uint64) (merkle.Hash, error) {
	if size > s.frontier.Size() {
		return merkle.Hash{}, fmt.Errorf("root of %d entries: the log has %d: %w", size, s.frontier.Size(), merkle.ErrRange)
	}
	f, err := merkle.FrontierAt(&logNodes{s: s}, size)
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
	return merkle.ProveInclusion(&logNodes{s: s}, index, size)
}

// LogConsistency proves that the log only grew.
func (s *Snapshot) LogConsistency(older, newer uint64) ([]merkle.Hash, error) {
	if newer > s.frontier.Size() {
		return nil, fmt.Errorf("prove consistency with %d entries: the log has %d: %w", newer, s.frontier.Size(), merkle.ErrRange)
	}
	return merkle.ProveConsistency(&logNodes{s: s}, older, newer)
}

// LogEntry reads one entry.
func (s *Snapshot) LogEntry(index uint64) (Entry, bool) {
	var out Entry
	found := false
	s.EachLogged(index, index+1, func(e Entry) bool {
		out, found = e, true
		return false
	})
	return out, found
}

// LogEntries reads up to limit entries in order.
func (s *Snapshot) LogEntries(from uint64, limit int) []Entry {
	var out []Entry
	if limit <= 0 {
		return nil
	}
	s.EachLogged(from, s.head.LogSize, func(e Entry) bool {
		out = append(out, e)
		return len(out) < limit
	})
	return out
}

// EachLogged visits the entries from..to−1 in order, as far as there are any.
func (s *Snapshot) EachLogged(from, to uint64, visit func(Entry) bool) {
	s.eachPage(from, to, func(p *page) bool {
		return p.each(from, func(e Entry, _ [32]byte) bool { return e.Index < to && visit(e) })
	})
}

// eachPage visits the pages that have entries of from..to−1, in order. No page
// crosses the border of a tile, so the first of them begins in the tile of from.
func (s *Snapshot) eachPage(from, to uint64, visit func(*page) bool) {
	if s.db == nil || from >= min(to, s.head.LogSize) {
		return
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: pageKey(from &^ (tileSize - 1)), UpperBound: pageKey(to)})
	if err != nil {
		fail("read ballot log", err)
	}
	for ok := it.SeekLT(pageKey(from + 1)); ok; ok = it.Next() {
		if !visit(decodePage(it.Key(), it.Value())) {
			break
		}
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		fail("read ballot log", err)
	}
}

// ElectionLog reads up to limit entries of one kind that touched an election,
// in order.
func (s *Snapshot) ElectionLog(election [32]byte, kind uint32, from uint64, limit int) []Entry {
	var out []Entry
	if limit <= 0 {
		return nil
	}
	// A page that has the entry from begins at most a tile before it.
	start := ofKey(election, kind, from-min(from, tileSize-1))
	s.scan(start[:len(start)-8], start, func(key, _ []byte) bool {
		first := binary.BigEndian.Uint64(key[len(key)-8:])
		value := s.get("read ballot log", pageKey(first))
		if value == nil {
			fail("read ballot log", fmt.Errorf("page at entry %d is missing: %w", first, errCorrupt))
		}
		decodePage(pageKey(first), value).each(from, func(e Entry, of [32]byte) bool {
			if e.Kind == kind && of == election {
				out = append(out, e)
			}
			return len(out) < limit
		})
		return len(out) < limit
	})
	return out
}

// logNodes is a merkle.NodeReader of the ballot log that has one tile at hand.
type logNodes struct {
	s      *Snapshot
	tile   uint64
	leaves []merkle.Hash
}

// Node is the root of a perfect subtree: kept from a tile upwards, computed
// below.
func (l *logNodes) Node(id merkle.NodeID) (merkle.Hash, error) {
	if id.Level >= tileLevel {
		b := l.s.get("read ballot log", nodeKey(id))
		if len(b) != merkle.HashSize {
			return merkle.Hash{}, fmt.Errorf("node %d of level %d of the ballot log: %w", id.Index, id.Level, errCorrupt)
		}
		return merkle.Hash(b), nil
	}
	first := id.Index << id.Level
	l.load(first / tileSize)
	from, to := first%tileSize, first%tileSize+1<<id.Level
	if to > uint64(len(l.leaves)) {
		return merkle.Hash{}, fmt.Errorf("node %d of level %d of the ballot log: %w", id.Index, id.Level, errCorrupt)
	}
	return perfect(l.leaves[from:to]), nil
}

func (l *logNodes) load(tile uint64) {
	if l.leaves != nil && l.tile == tile {
		return
	}
	l.tile, l.leaves = tile, make([]merkle.Hash, 0, tileSize)
	l.s.EachLogged(tile*tileSize, (tile+1)*tileSize, func(e Entry) bool {
		l.leaves = append(l.leaves, merkle.LeafHash(e.Hash[:]))
		return true
	})
}

// perfect is the root of a perfect tree.
func perfect(leaves []merkle.Hash) merkle.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := len(leaves) / 2
	return merkle.NodeHash(perfect(leaves[:half]), perfect(leaves[half:]))
}
