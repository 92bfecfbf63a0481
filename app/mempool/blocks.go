package mempool

import "github.com/urna-vote/urna/x/ledger"

// Block that was committed.
type Block struct {
	Height int64
	// Hashes of its transactions.
	Hashes [][32]byte
	Change Change
	// Roomy says that it could have taken more.
	Roomy bool
}

// Limits of what is kept to be compared, and of how long a verdict stands.
const (
	// keptBlocks are compared; what was judged before them is judged again. Once
	// everything was compared only recentBlocks are kept, for a batch at work.
	keptBlocks, recentBlocks = 8, 2
	// verdictBlocks after which an entry is judged again, whatever changed: what
	// depends on time alone is written nowhere.
	verdictBlocks = 16
)

// Commit tells the pool of a block. Its transactions wait no longer. What else
// it changed is looked at later: nobody waits for that.
func (p *Pool) Commit(b Block) {
	p.mu.Lock()
	p.height = b.Height
	if b.Roomy {
		p.roomy++
	}
	for _, hash := range b.Hashes {
		if e := p.shelf.find(hash); e != nil {
			p.shelf.remove(e)
		} else if it := p.unverified[hash]; it != nil {
			p.settle(it, nil)
		}
		p.fates.forget(hash)
	}
	b.Hashes = nil
	if p.blocks = append(p.blocks, b); len(p.blocks) > keptBlocks {
		p.blocks = p.blocks[1:]
	}
	// What was too early has another try.
	p.held = append(p.held, p.parked...)
	p.parked = nil
	for e := p.shelf.first; e != nil; e = e.after {
		p.offerAgain(e)
	}
	p.mu.Unlock()
	signal(p.wake)
}

// review judges again what the blocks since concern, in parts, so that what
// comes meanwhile need not wait for all.
func (p *Pool) review() {
	for !p.stopped() {
		stale := p.stale(batchCount)
		if len(stale) == 0 {
			break
		}
		p.again(stale)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.blocks); n > recentBlocks {
		p.blocks = append([]Block(nil), p.blocks[n-recentBlocks:]...)
	}
}

// stale lists entries that must be judged again: a block wrote a key that the
// judgement read, or its verdict is old. Of those that name a quota one is
// enough to learn that it is not used up, see again.
func (p *Pool) stale(limit int) []*entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := p.height + 1
	if len(p.blocks) > 0 {
		oldest = p.blocks[0].Height
	}
	named := make(map[string]bool)
	var out []*entry
	for e := p.shelf.first; e != nil && len(out) < limit; e = e.after {
		if e.looked >= p.height {
			continue
		}
		if e.looked+1 < oldest || e.height+verdictBlocks <= p.height || p.concerned(e) || !allNamed(named, e.quotas) {
			out = append(out, e)
			continue
		}
		e.looked = p.height
	}
	return out
}

// allNamed reports whether others named all these quotas, and names them.
func allNamed(named map[string]bool, quotas []string) bool {
	all := true
	for _, q := range quotas {
		all = all && named[q]
		named[q] = true
	}
	return all
}

// concerned reports whether a block that the entry was not compared with wrote
// what its judgement read.
func (p *Pool) concerned(e *entry) bool {
	for i := range p.blocks {
		if b := &p.blocks[i]; b.Height > e.looked && b.Change != nil && e.reads.concern(b.Change) {
			return true
		}
	}
	return false
}

// again judges entries anew and drops what is no longer right. If the program
// fails on them, each is tried by itself.
func (p *Pool) again(entries []*entry) {
	if p.tryAgain(entries) {
		return
	}
	for _, e := range entries {
		if !p.tryAgain([]*entry{e}) {
			p.Drop(e.opened.Tx.Hash, refusal(CodeBusy, "the program fails on it; the operators have been told"))
		}
	}
}

func (p *Pool) tryAgain(entries []*entry) (done bool) {
	defer p.recovered(len(entries))
	txs := make([]Tx, len(entries))
	for i, e := range entries {
		txs[i] = Tx{Raw: e.opened.Tx.Raw, Hash: e.opened.Tx.Hash, Opened: e.opened}
	}
	verdicts := p.judge.Look(txs)
	asked := make([]*Verdict, 0, len(verdicts))
	for i := range verdicts {
		if verdicts[i].Refusal == nil {
			asked = append(asked, &verdicts[i])
		}
	}
	p.judge.Verify(asked) // costs nothing where the same was accepted before
	p.judged(entries, verdicts)
	return true
}

// judged notes what came of judging entries again. If a quota is used up, all
// that name it are judged.
func (p *Pool) judged(entries []*entry, verdicts []Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ended := make(map[string]bool)
	for i, e := range entries {
		v := &verdicts[i]
		if v.Committed {
			e.looked = p.height
			continue // Commit is about to tell
		}
		if v.Refusal != nil {
			for _, q := range e.quotas {
				ended[q] = true
			}
			p.drop(e, v.Refusal)
			continue
		}
		p.shelf.unclaim(e)
		e.claims, e.quotas, e.reads = v.Demands.Claims, quotaNames(v.Demands.Quotas), v.Reads
		e.height, e.looked, e.work = v.Height, v.Height, v.Work
		if p.shelf.find(e.opened.Tx.Hash) == e {
			p.shelf.claim(e)
		}
	}
	if len(ended) == 0 {
		return
	}
	for e := p.shelf.first; e != nil; e = e.after {
		for _, q := range e.quotas {
			if ended[q] && e.height < p.height {
				e.looked = -1 - keptBlocks // before every block that is kept
			}
		}
	}
}

// drop takes an entry that is no longer right off the shelf, with the reason.
func (p *Pool) drop(e *entry, r *ledger.Refusal) {
	if p.shelf.find(e.opened.Tx.Hash) != e {
		return // a block took it meanwhile
	}
	p.shelf.remove(e)
	p.fates.note(e.opened.Tx.Hash, r)
}

// Drop takes transactions out that a proposer found wrong by the state, with
// the reasons.
func (p *Pool) Drop(hash [32]byte, r *ledger.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.shelf.find(hash); e != nil {
		p.drop(e, r)
	}
}
