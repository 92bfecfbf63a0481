package mempool

import "github.com/urna-vote/urna/app/txn"

// entry is a verified transaction that waits for a block.
type entry struct {
	opened *txn.Opened
	// peer: another node sent it, and no client of ours.
	peer   bool
	claims []string
	quotas []string
	reads  Reads
	// height of the state it was last judged by; looked is the last height whose
	// changes were compared with what the judgement read.
	height, looked int64
	work           int64
	// again is the count of roomy blocks at which it is offered to other nodes,
	// step how many more it is then put off.
	again, step int64
	offered     bool // it is in the list of offers

	before, after *entry // in order of verification
}

// shelf holds the verified transactions in the order in which they were verified.
type shelf struct {
	byHash      map[[32]byte]*entry
	byClaim     map[string]*entry
	first, last *entry
	bytes       int64
	offers      fifo[*entry]
}

func newShelf() shelf {
	return shelf{byHash: make(map[[32]byte]*entry), byClaim: make(map[string]*entry)}
}

func (s *shelf) len() int { return len(s.byHash) }

func (s *shelf) find(hash [32]byte) *entry { return s.byHash[hash] }

// claimed finds an entry that claims what the claims say.
func (s *shelf) claimed(claims []string) *entry {
	for _, c := range claims {
		if e := s.byClaim[c]; e != nil {
			return e
		}
	}
	return nil
}

func (s *shelf) add(e *entry) {
	s.byHash[e.opened.Tx.Hash] = e
	s.claim(e)
	if e.before = s.last; s.last != nil {
		s.last.after = e
	} else {
		s.first = e
	}
	s.last = e
	s.bytes += int64(len(e.opened.Tx.Raw))
}

func (s *shelf) claim(e *entry) {
	for _, c := range e.claims {
		s.byClaim[c] = e
	}
}

func (s *shelf) unclaim(e *entry) {
	for _, c := range e.claims {
		if s.byClaim[c] == e {
			delete(s.byClaim, c)
		}
	}
}

func (s *shelf) remove(e *entry) {
	if s.byHash[e.opened.Tx.Hash] != e {
		return
	}
	delete(s.byHash, e.opened.Tx.Hash)
	s.unclaim(e)
	if e.before != nil {
		e.before.after = e.after
	} else {
		s.first = e.after
	}
	if e.after != nil {
		e.after.before = e.before
	} else {
		s.last = e.before
	}
	s.bytes -= int64(len(e.opened.Tx.Raw))
}

// offer puts an entry on the list of what is sent to other nodes next.
func (s *shelf) offer(e *entry) {
	if !e.offered {
		e.offered = true
		s.offers.push(e)
	}
}
