package record

import (
	"context"
	"encoding/binary"
	"sync/atomic"
	"testing"
)

// dayAfterNight has small blocks first, then large ones, and counts the bytes
// that it gave and nobody took.
type dayAfterNight struct {
	Source
	day     int64
	waiting atomic.Int64
}

const dayBlock = 1 << 20

func (s *dayAfterNight) Blocks(_ context.Context, from, to int64) ([][]byte, error) {
	var out [][]byte
	for size := 0; from <= to && size < 4<<20; from++ {
		raw := make([]byte, 200)
		if from >= s.day {
			raw = make([]byte, dayBlock)
		}
		binary.BigEndian.PutUint64(raw, uint64(from))
		out, size = append(out, raw), size+len(raw)
		s.waiting.Add(int64(len(raw)))
	}
	return out, nil
}

// Heights are asked for by the size of the blocks before: when they grow, what
// is fetched ahead stays small, and nothing is left out.
func TestWhatIsFetchedAheadStaysSmallWhenBlocksGrow(t *testing.T) {
	const last = 3_100
	src, want, most := &dayAfterNight{day: 3_000}, int64(1), int64(0)
	for raw, err := range ahead(t.Context(), src, 1, last) {
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, src.waiting.Load())
		if got := int64(binary.BigEndian.Uint64(raw)); got != want {
			t.Fatalf("block %d where %d is expected", got, want)
		}
		want++
		src.waiting.Add(-int64(len(raw)))
	}
	if want != last+1 {
		t.Errorf("%d blocks of %d", want-1, last)
	}
	// Each of the flights may be full, and the answer that filled it larger.
	if most > 36<<20 {
		t.Errorf("%d MiB were ahead", most>>20)
	}
}
