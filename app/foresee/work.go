package foresee

import "slices"

// run asks the judge about block after block until Close.
func (f *Foresight) run() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		blocks, txs := f.next()
		for len(blocks) == 0 && !f.closed {
			f.change.Wait()
			blocks, txs = f.next()
		}
		if f.closed {
			f.drop(func(*block) bool { return true })
			return
		}
		for _, b := range blocks {
			b.busy = true
		}
		f.mu.Unlock()
		height, ok := f.judge.Foresee(txs)
		f.mu.Lock()
		f.closed = f.closed || !ok
		for _, b := range blocks {
			b.busy = false
			f.judged(b, height)
		}
		f.change.Broadcast()
	}
}

// next chooses the lowest blocks of which something is to be done.
func (f *Foresight) next() (blocks []*block, txs []*Tx) {
	ahead := 0
	for i, b := range f.blocks {
		if ahead += b.bytes; len(txs) >= batch || i > 0 && ahead > Ahead {
			break
		}
		if b.done || b.height <= f.applied || b.seen >= 0 && f.applied < b.seen+again {
			continue
		}
		blocks = append(blocks, b)
		for i := range b.txs {
			if !b.txs[i].Done {
				txs = append(txs, &b.txs[i])
			}
		}
	}
	return blocks, txs
}

// judged notes what the judge said of a block.
func (f *Foresight) judged(b *block, height int64) {
	b.seen = height
	b.done = !slices.ContainsFunc(b.txs, func(t Tx) bool { return !t.Done })
	if !slices.ContainsFunc(b.txs, func(t Tx) bool { return t.False }) {
		return
	}
	b.done = true
	f.faults[b.from]++
	if f.faults[b.from] == faults {
		f.drop(func(other *block) bool { return other.from == b.from && !other.busy })
	}
}

// drop forgets blocks.
func (f *Foresight) drop(which func(*block) bool) {
	f.blocks = slices.DeleteFunc(f.blocks, func(b *block) bool {
		if !which(b) {
			return false
		}
		f.bytes -= b.bytes
		return true
	})
}
