package app_test

import (
	"crypto/sha256"
	"flag"
	"testing"

	"github.com/urna-vote/urna/app/store"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	ballotkeeper "github.com/urna-vote/urna/x/ballot/keeper"
	"github.com/urna-vote/urna/x/ledger"
)

var listedKeys = flag.Int("app.keys", 100_000, "spent keys of which BenchmarkCountedList lists half")

// closedZones is an election of two zones, of which the first is closed.
type closedZones struct{}

func (closedZones) Definition(ledger.Reader, [32]byte) (*electionv1.Definition, bool) {
	return nil, false
}

func (closedZones) Zone(ledger.Reader, [32]byte, uint32) (electionv1.ZoneState, bool) {
	return electionv1.ZoneState{}, false
}
func (closedZones) Number(ledger.Reader, [32]byte) (uint32, bool)   { return 0, true }
func (closedZones) Numbered(ledger.Reader, uint32) ([32]byte, bool) { return [32]byte{}, true }
func (closedZones) EachIn(_ ledger.Reader, phase electionv1.Phase, visit func([32]byte, uint32)) {
	if phase == electionv1.Phase_PHASE_CLOSED {
		visit([32]byte{}, 0)
	}
}

// BenchmarkCountedList lists a zone of half of the chain's spent keys, over a
// store on the disk: milliseconds for a block of the list.
func BenchmarkCountedList(b *testing.B) {
	s, err := store.Open(store.Options{Dir: b.TempDir(), ChainID: chainID})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	height := int64(0)
	block := func(write func(w *store.Branch)) {
		snap := s.Snapshot()
		defer snap.Close()
		w := store.NewBranch(snap)
		write(w)
		spread := func(n int, part func(from, to int)) { part(0, n) }
		if err := s.Commit(w.Seal(height, height, 1, nil, spread)); err != nil {
			b.Fatal(err)
		}
		height++
	}
	for i := 0; i < *listedKeys; {
		block(func(w *store.Branch) {
			for range 5000 {
				key := sha256.Sum256(ledger.U64(uint64(i)))
				spent := ballot.Spent{Zone: uint32(i % 2), Sequence: 1, LogIndex: uint64(i)}
				w.Set(ballot.SpentKey(key[:]), spent.Encode())
				i++
			}
		})
	}
	k := ballotkeeper.New(closedZones{}, nil, nil)
	for b.Loop() {
		blocks, done := 0, false
		for ; !done; blocks++ {
			block(func(w *store.Branch) {
				k.EndBlock(ledger.Context{}, w)
				done = w.Get(ballot.CountedKey([32]byte{}, 0)) != nil
			})
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(blocks), "ms/block")
		b.ReportMetric(float64(blocks), "blocks")
	}
}
