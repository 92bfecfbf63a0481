package mempool

import (
	"runtime/debug"
	"slices"
	"time"

	"github.com/urna-vote/urna/x/ledger"
)

// Sizes and times of batches, measured: see docs/adr/0015-application-mempool.md.
const (
	batchCount = 512
	batchBytes = 8 << 20
	// enough to begin a batch without waiting for more.
	enough = 256
	// gathering is the least time from the end of a batch of several to the next.
	// What comes after a longer silence, or from one who waits for each answer, is
	// begun at once.
	gathering = 25 * time.Millisecond
	// mostAtWork batches at once, the second only if there is enough for it that is
	// not doubted: what of one needs a single core or waits for the last core of a
	// stage, the other fills.
	mostAtWork = 2
	// mostTurns an item has beside others of the same claims.
	mostTurns = 4
	// mostParked transactions of other nodes, and for how many blocks.
	mostParked   = 4096
	parkedBlocks = 3
)

// collect is the collector: it alone begins batches, and compares what waits with
// new blocks.
func (p *Pool) collect() {
	defer close(p.done)
	defer p.dismiss()
	defer p.works.Wait()
	for {
		select {
		case <-p.stop:
			return
		case <-p.wake:
		}
		for p.step() {
		}
	}
}

// step does what is to be done next; false if there is nothing.
func (p *Pool) step() bool {
	if p.stopped() {
		return false
	}
	p.review()
	if !p.turn() || !p.gather() || !p.unheld() {
		return false
	}
	batch := p.take()
	if len(batch) == 0 {
		return true // all that was taken waits elsewhere now
	}
	p.works.Add(1)
	go func() {
		defer p.works.Done()
		began := time.Now()
		p.work(batch)
		p.ended(len(batch), began, time.Now())
	}()
	return true
}

// ended notes that a batch is over.
func (p *Pool) ended(n int, began, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pace.ended.After(began) {
		began = p.pace.ended // until then it shared the cores
	}
	p.pace.batch(n, now.Sub(began), now)
	p.atWork--
	signal(p.over)
	signal(p.wake)
}

// turn waits until another batch may begin; false if there is nothing for one.
func (p *Pool) turn() bool {
	for {
		p.mu.RLock()
		working, waiting, sound := p.atWork, p.queue.len()+len(p.held), p.queue.peers.count+p.queue.clients.count
		p.mu.RUnlock()
		if waiting == 0 {
			return false
		}
		if working == 0 || working < mostAtWork && sound >= enough {
			return true
		}
		select {
		case <-p.over:
		case <-p.full:
		case <-p.stop:
			return false
		}
	}
}

func (p *Pool) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// gather waits for more to come if a batch was just over: many together cost
// much less than one by one. It returns false if the pool is closed.
func (p *Pool) gather() bool {
	p.mu.RLock()
	waiting, ended, several := p.queue.len(), p.pace.ended, p.pace.last > 1
	p.mu.RUnlock()
	left := gathering - time.Since(ended)
	if !several || left <= 0 || waiting >= enough {
		return true
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.full:
	case <-p.stop:
		return false
	}
	return true
}

// unheld waits until nobody holds the collector; false if it must end.
func (p *Pool) unheld() bool {
	p.mu.RLock()
	free := p.free
	p.mu.RUnlock()
	if free == nil {
		return true
	}
	select {
	case <-free:
		return true
	case <-p.stop:
		return false
	}
}

// take takes the next batch: what was held, then what is queued. What is queued
// by a source that is doubted by now waits with others of its kind.
func (p *Pool) take() []*item {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.held), batchCount)
	gone := func(it *item) bool { return p.unverified[it.tx.Hash] != it } // a block took it
	batch := slices.DeleteFunc(slices.Clone(p.held[:n]), gone)
	p.held = slices.Delete(p.held, 0, n)
	var size int64
	for _, it := range batch {
		size += int64(len(it.tx.Raw))
	}
	for _, it := range p.queue.take(batchCount-len(batch), batchBytes-size) {
		if gone(it) {
			continue
		}
		if !it.peer && !it.doubted && p.doubts.of(it.from) {
			it.doubted = true
			if !p.queue.doubted.push(it) {
				p.settle(it, refusal(CodeBusy, "too many transactions wait"))
			}
			continue
		}
		batch = append(batch, it)
	}
	if len(batch) > 0 {
		p.atWork++
	}
	return batch
}

// settle ends an item; the lock is held.
func (p *Pool) settle(it *item, r *ledger.Refusal) {
	if p.unverified[it.tx.Hash] != it {
		return
	}
	delete(p.unverified, it.tx.Hash)
	p.unverifiedBytes -= int64(len(it.tx.Raw))
	it.refusal = r
	close(it.done)
}

// work judges and verifies a batch. If the program fails on it, each is tried
// by itself, and only the one on which it fails is refused.
func (p *Pool) work(batch []*item) {
	if p.try(batch) {
		return
	}
	for _, it := range batch {
		if !p.try([]*item{it}) {
			p.mu.Lock()
			p.settle(it, refusal(CodeBusy, "the program fails on it; the operators have been told"))
			p.mu.Unlock()
		}
	}
}

func (p *Pool) try(batch []*item) (done bool) {
	defer p.recovered(len(batch))
	txs := make([]Tx, len(batch))
	for i, it := range batch {
		txs[i] = it.tx
	}
	verdicts := p.judge.Look(txs)
	p.sift(batch, verdicts)
	at, asked := p.sort(batch, verdicts)
	defer p.claimedNoMore(asked)
	p.judge.Verify(asked)
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, v := range asked {
		p.finish(batch[at[n]], v)
	}
	return true
}

// recovered is deferred where the program may fail on what a stranger wrote.
func (p *Pool) recovered(transactions int) {
	if r := recover(); r != nil {
		p.log.Error("ALARM: checking transactions makes the program fail", "transactions", transactions, "panic", r, "stack", string(debug.Stack()))
	}
}

// sift refuses those of a batch that claim what others claim, of it or of one at
// work, and are anybody's. Without it rubbish could use up the turns of the right
// one.
func (p *Pool) sift(batch []*item, verdicts []Verdict) {
	at, asked := p.rivals(verdicts)
	if len(asked) == 0 {
		return
	}
	p.judge.Sift(asked)
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, v := range asked {
		it := batch[at[n]]
		if v.Refusal == nil || p.unverified[it.tx.Hash] != it {
			continue
		}
		if !it.peer {
			p.doubts.note(it.from, false)
		}
		p.settle(it, v.Refusal)
	}
}

// rivals are those of a batch that state has nothing against and whose claims are
// not theirs alone.
func (p *Pool) rivals(verdicts []Verdict) (at []int, asked []*Verdict) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	times := make(map[string]int, len(verdicts))
	for i := range verdicts {
		if verdicts[i].Refusal == nil {
			for _, c := range verdicts[i].Demands.Claims {
				times[c]++
			}
		}
	}
	contested := func(c string) bool { return times[c] > 1 || p.claimed[c] }
	for i := range verdicts {
		if v := &verdicts[i]; v.Refusal == nil && slices.ContainsFunc(v.Demands.Claims, contested) {
			at, asked = append(at, i), append(asked, v)
		}
	}
	return at, asked
}

// sort says which of a batch are to be verified now: those without a refusal,
// one of each claim. What claims the same as another, of this batch or of one at
// work beside it, waits for the next turn.
func (p *Pool) sort(batch []*item, verdicts []Verdict) (at []int, asked []*Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, it := range batch {
		v := &verdicts[i]
		it.tx.Opened = v.Opened
		if v.Committed {
			p.settle(it, nil)
		}
		if p.unverified[it.tx.Hash] != it {
			continue // a block took it meanwhile
		}
		if v.Refusal != nil {
			p.refuse(it, v)
			continue
		}
		if e := p.shelf.claimed(v.Demands.Claims); e != nil {
			v.Refusal = refusal(codeHeld, "another transaction that waits claims the same")
			p.refuse(it, v)
			continue
		}
		free := true
		for _, c := range v.Demands.Claims {
			free = free && !p.claimed[c]
		}
		if !free {
			if it.turns++; it.turns > mostTurns {
				p.settle(it, refusal(CodeBusy, "others that claim the same are being checked"))
			} else {
				p.held = append(p.held, it)
			}
			continue
		}
		for _, c := range v.Demands.Claims {
			p.claimed[c] = true
		}
		at, asked = append(at, i), append(asked, v)
	}
	return at, asked
}

// claimedNoMore frees the claims of what was verified.
func (p *Pool) claimedNoMore(verdicts []*Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range verdicts {
		for _, c := range v.Demands.Claims {
			delete(p.claimed, c)
		}
	}
}

// refuse settles what the state refuses; what another node found right is kept
// for the next blocks: it may be ahead of this one. A client whose transaction
// claims what another does waits for one block: it may be about to take that,
// and the client may know already.
func (p *Pool) refuse(it *item, v *Verdict) {
	waits := it.peer && v.Refusal.Code.Retry() && it.turns < parkedBlocks || v.Refusal.Code == codeHeld && it.turns == 0
	if waits && len(p.parked) < mostParked {
		it.turns++
		it.refusal = v.Refusal
		p.parked = append(p.parked, it)
		return
	}
	p.settle(it, v.Refusal)
}

// finish shelves a verified transaction or says why not; the lock is held.
func (p *Pool) finish(it *item, v *Verdict) {
	if p.unverified[it.tx.Hash] != it {
		return // a block took it meanwhile
	}
	if !it.peer {
		p.doubts.note(it.from, v.Refusal == nil)
	}
	if v.Refusal != nil {
		p.settle(it, v.Refusal)
		return
	}
	e := &entry{
		opened: v.Opened, peer: it.peer, claims: v.Demands.Claims, quotas: quotaNames(v.Demands.Quotas), reads: v.Reads,
		height: v.Height, looked: v.Height, work: v.Work,
	}
	p.fates.forget(it.tx.Hash)
	p.settle(it, nil)
	p.shelf.add(e)
	p.schedule(e)
}

func quotaNames(quotas []ledger.Quota) []string {
	if len(quotas) == 0 {
		return nil
	}
	names := make([]string, len(quotas))
	for i := range quotas {
		names[i] = quotas[i].Name
	}
	return names
}

// dismiss answers all who still wait when the pool is closed.
func (p *Pool) dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for hash, it := range p.unverified {
		delete(p.unverified, hash)
		it.refusal = refusal(CodeStopping, "the node stops; ask another")
		close(it.done)
	}
}
