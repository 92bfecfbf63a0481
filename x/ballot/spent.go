package ballot

import (
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
)

// Spent is the record of a ballot key.
type Spent struct {
	// Number of the election on the chain, and the zone of the ballot's style.
	Number, Zone    uint32
	Style, Sequence uint32
	// FirstMS and LastMS are the times of the first and the last ballot.
	FirstMS, LastMS int64
	// LogIndex of the last accepted ballot.
	LogIndex uint64
	// R and C of the last accepted ballot, kept where a recast must subtract them.
	R, C []byte
	// EarlierR are the R of the ballots before the last, kept where recasts are
	// allowed: two ballots under one R show the difference of the two.
	EarlierR [][]byte
}

// Encode is what stands at SpentKey: as unsigned varints number, zone, style,
// sequence, first time, milliseconds from the first to the last, log index; and
// where recasts are allowed R, the number of points of C as a varint, C, and the
// earlier R.
func (s *Spent) Encode() []byte {
	b := make([]byte, 0, 32+len(s.R)+len(s.C)+group.Size*len(s.EarlierR))
	for _, n := range []uint64{
		uint64(s.Number), uint64(s.Zone), uint64(s.Style), uint64(s.Sequence),
		uint64(s.FirstMS), uint64(s.LastMS - s.FirstMS), s.LogIndex,
	} {
		b = binary.AppendUvarint(b, n)
	}
	if len(s.R) == 0 {
		return b
	}
	b = append(b, s.R...)
	b = binary.AppendUvarint(b, uint64(len(s.C)/group.Size))
	b = append(b, s.C...)
	for _, r := range s.EarlierR {
		b = append(b, r...)
	}
	return b
}

// DecodeSpent reads what Encode wrote. Points are parts of b.
func DecodeSpent(b []byte) (*Spent, error) {
	whole := len(b)
	bad := func() (*Spent, error) {
		return nil, fmt.Errorf("decode record of a ballot key: its %d bytes are none", whole)
	}
	var n [7]uint64
	for i := range n {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return bad()
		}
		n[i], b = v, b[size:]
	}
	s := &Spent{
		Number: uint32(n[0]), Zone: uint32(n[1]), Style: uint32(n[2]), Sequence: uint32(n[3]),
		FirstMS: int64(n[4]), LastMS: int64(n[4] + n[5]), LogIndex: n[6],
	}
	if len(b) == 0 {
		return s, nil
	}
	if len(b) < group.Size {
		return bad()
	}
	s.R, b = b[:group.Size], b[group.Size:]
	points, size := binary.Uvarint(b)
	if size <= 0 || points > uint64(len(b)-size)/group.Size {
		return bad()
	}
	b = b[size:]
	s.C, b = b[:points*group.Size], b[points*group.Size:]
	if len(b)%group.Size != 0 {
		return bad()
	}
	for ; len(b) > 0; b = b[group.Size:] {
		s.EarlierR = append(s.EarlierR, b[:group.Size])
	}
	return s, nil
}

// mustDecodeSpent reads a record that this program stored.
func mustDecodeSpent(b []byte) *Spent {
	s, err := DecodeSpent(b)
	if err != nil {
		panic("ballot: " + err.Error())
	}
	return s
}
