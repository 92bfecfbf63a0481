package verify

import (
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/group"
)

// spent is what a ballot key has cast.
type spent struct {
	election        *elect
	style, sequence uint32
	firstMS, lastMS int64
	logIndex        uint64
	// rs are the r of all its ballots, c that of the last; both are kept only
	// where another ballot may replace it.
	rs [][]byte
	c  []byte
}

// A record of a spent key is number of the election ‖ style ‖ sequence ‖ first
// and last time ‖ log index, and where recasting is allowed each r, and c.

func (s *spent) encode() []byte {
	b := make([]byte, 0, 36+group.Size*len(s.rs)+len(s.c))
	b = binary.BigEndian.AppendUint32(b, s.election.number)
	b = binary.BigEndian.AppendUint32(b, s.style)
	b = binary.BigEndian.AppendUint32(b, s.sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(s.firstMS))
	b = binary.BigEndian.AppendUint64(b, uint64(s.lastMS))
	b = binary.BigEndian.AppendUint64(b, s.logIndex)
	for _, r := range s.rs {
		b = append(b, r...)
	}
	return append(b, s.c...)
}

// spentBy finds what a ballot key has cast, nil if nothing.
func (v *verifier) spentBy(key [32]byte) *spent {
	b := v.store.get(v.store.spent, key)
	if b == nil {
		return nil
	}
	return v.decodeSpent(b)
}

func (v *verifier) decodeSpent(b []byte) *spent {
	c := cells{b}
	s := &spent{election: v.created[c.u32()], style: c.u32(), sequence: c.u32()}
	s.firstMS, s.lastMS, s.logIndex = int64(c.u64()), int64(c.u64()), c.u64()
	if s.election.recasts() {
		for range s.sequence {
			s.rs = append(s.rs, c.take(group.Size))
		}
		s.c = c.b
	}
	return s
}

// recasts reports whether a ballot may replace another.
func (e *elect) recasts() bool { return e.def.Revote != nil && e.def.Revote.Allowed }

// zoneOf is the zone of a style.
func (e *elect) zoneOf(style uint32) *zone { return e.zones[e.def.Styles[style].Zone] }
