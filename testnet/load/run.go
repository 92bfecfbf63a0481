package load

import (
	"sync"
	"time"
)

// State of a transaction of a run.
type state uint8

const (
	waiting state = iota
	sent          // and not answered
	admitted
	busy // to be sent again later
	refused
	inBlock
	done
)

// unset is no time yet.
const unset = time.Duration(-1)

// Run is one play of transactions: what was planned and what became of each.
type Run struct {
	mu      sync.Mutex
	index   map[[16]byte]int32
	state   []state
	planned []time.Duration
	sentAt  []time.Duration
	// block is when it was seen in a block, verified when its receipt verified.
	block    []time.Duration
	verified []time.Duration
	height   []int64
	times    []uint8
	// byHeight are those in blocks that are not proven yet.
	byHeight map[int64][]int32

	submitted, answeredBusy, resent, failed int
	reasons                                 map[string]int
	open                                    int // sent or to be sent again, not in a block, not refused
	inBlocks, proved, doubled               int
	admitted                                int // by nodes, in no block yet
	lateness                                []time.Duration
}

// newRun of the transactions with these hashes; none is due yet.
func newRun(hashes [][32]byte) *Run {
	n := len(hashes)
	r := &Run{
		index: make(map[[16]byte]int32, n), state: make([]state, n), planned: make([]time.Duration, n), sentAt: make([]time.Duration, n),
		block: make([]time.Duration, n), verified: make([]time.Duration, n), height: make([]int64, n), times: make([]uint8, n),
		byHeight: map[int64][]int32{}, reasons: map[string]int{},
	}
	for i, h := range hashes {
		r.index[[16]byte(h[:16])] = int32(i)
		r.planned[i], r.sentAt[i], r.block[i], r.verified[i] = unset, unset, unset, unset
	}
	return r
}

// committed is told of every block.
func (r *Run) committed(height int64, at time.Duration, hashes [][32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range hashes {
		i, mine := r.index[[16]byte(h[:16])]
		if !mine {
			continue
		}
		r.times[i]++
		if r.times[i] > 1 {
			r.doubled++
			continue
		}
		if s := r.state[i]; s == sent || s == admitted || s == busy {
			r.open--
			if s == admitted {
				r.admitted--
			}
		}
		r.state[i], r.block[i], r.height[i] = inBlock, at, height
		r.inBlocks++
		r.byHeight[height] = append(r.byHeight[height], i)
	}
}

// proven is told when the receipts of a block verify.
func (r *Run) proven(height int64, at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.byHeight[height] {
		r.state[i], r.verified[i] = done, at
		r.proved++
	}
	delete(r.byHeight, height)
}

// sending notes that a transaction leaves, due at a time.
func (r *Run) sending(i int, planned, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state[i] == waiting {
		r.planned[i] = planned
		r.sentAt[i] = now
		r.open++
		r.submitted++
		r.lateness = append(r.lateness, now-planned)
	} else {
		r.resent++
	}
	if s := r.state[i]; s != inBlock && s != done {
		if s == admitted {
			r.admitted--
		}
		r.state[i] = sent
	}
}

// answered notes a node's answer: "" is admitted.
func (r *Run) answered(i int, reason string, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.state[i]; s == inBlock || s == done || s == refused {
		return
	}
	if r.state[i] == admitted && reason != "" {
		r.admitted--
	}
	switch {
	case reason == "":
		if r.state[i] != admitted {
			r.admitted++
		}
		r.state[i] = admitted
	case again:
		r.state[i] = busy
		r.answeredBusy++
	default:
		r.state[i] = refused
		r.open--
		r.reasons[reason]++
	}
}

// counts for pacing: how many are open, in blocks, and proven.
func (r *Run) counts() (open, inBlocks, proved int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open, r.inBlocks, r.proved
}

// overdue lists transactions that were sent before a time and are in no block:
// what a client would hand in again.
func (r *Run) overdue(before time.Duration) (list []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, s := range r.state {
		if s == admitted && r.sentAt[i] < before {
			list = append(list, i)
			r.sentAt[i] = before // not again at once
		}
	}
	return list
}
