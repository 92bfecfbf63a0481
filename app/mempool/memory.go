package mempool

import "github.com/urna-vote/urna/x/ledger"

// Bounds of what is remembered of the past.
const (
	rememberedFates  = 16_384
	rememberedDoubts = 4_096
)

// fates remembers why transactions were dropped, the last so many at least.
type fates struct{ young, old map[[32]byte]*ledger.Refusal }

func newFates() fates { return fates{young: make(map[[32]byte]*ledger.Refusal)} }

func (f *fates) note(hash [32]byte, r *ledger.Refusal) {
	if len(f.young) >= rememberedFates {
		f.old, f.young = f.young, make(map[[32]byte]*ledger.Refusal)
	}
	f.young[hash] = r
}

func (f *fates) find(hash [32]byte) *ledger.Refusal {
	if r := f.young[hash]; r != nil {
		return r
	}
	return f.old[hash]
}

// forget is called when a transaction comes again.
func (f *fates) forget(hash [32]byte) {
	delete(f.young, hash)
	delete(f.old, hash)
}

// doubts remembers which sources sent what cryptography refused. It takes
// several good transactions to make up for one bad, and few bad ones to be
// doubted.
type doubts struct{ young, old map[Source]int }

const (
	doubtForBad = 4
	doubted     = 8
	mostDoubt   = 64
)

func newDoubts() doubts { return doubts{young: make(map[Source]int)} }

func (d *doubts) score(s Source) int {
	if n, ok := d.young[s]; ok {
		return n
	}
	return d.old[s]
}

func (d *doubts) of(s Source) bool { return d.score(s) >= doubted }

func (d *doubts) note(s Source, good bool) {
	n := d.score(s)
	if good && n == 0 {
		return
	}
	if good {
		n--
	} else {
		n = min(n+doubtForBad, mostDoubt)
	}
	if _, known := d.young[s]; !known && len(d.young) >= rememberedDoubts {
		d.old, d.young = d.young, make(map[Source]int)
	}
	d.young[s] = n
}
