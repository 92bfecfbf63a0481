package txn

import (
	"sync/atomic"

	"github.com/urna-vote/urna/x/ledger"
)

// Item is a transaction's checks, with the memory of the transaction they are of.
type Item struct {
	// Memo of the transaction's bytes; nil remembers nothing.
	Memo   *Memo
	Checks []ledger.Check
}

// Verified reports whether all of an item's checks were accepted before.
func (it Item) Verified() bool { return len(it.Checks) == 0 || it.Memo.holds(it.Checks) }

// Memo remembers which checks of one transaction's bytes were accepted last.
// Refusals are not remembered. It belongs to those bytes: the same checks with
// the same parameters state the same facts. Many goroutines may use it.
type Memo struct{ accepted atomic.Pointer[[]checkID] }

// checkID names a check of a given transaction.
type checkID struct {
	params [32]byte
	code   ledger.Code
	field  string
}

// holds reports whether exactly these checks were accepted before.
func (m *Memo) holds(checks []ledger.Check) bool {
	if m == nil {
		return false
	}
	was := m.accepted.Load()
	if was == nil || len(*was) != len(checks) {
		return false
	}
	for i := range checks {
		if id := &(*was)[i]; id.params != checks[i].Params || id.code != checks[i].Code || id.field != checks[i].Field {
			return false
		}
	}
	return true
}

// accept remembers checks that all hold.
func (m *Memo) accept(checks []ledger.Check) {
	if m == nil {
		return
	}
	ids := make([]checkID, len(checks))
	for i := range checks {
		ids[i] = checkID{params: checks[i].Params, code: checks[i].Code, field: checks[i].Field}
	}
	m.accepted.Store(&ids)
}
