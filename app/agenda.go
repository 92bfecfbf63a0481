package app

import (
	"time"

	"github.com/urna-vote/urna/x/ledger"
)

// Due is the first deadline at or after an instant, as of the last committed
// block; false if there is none. It is for those who choose when to make blocks,
// which is no part of the rules.
func (a *App) Due(from time.Time) (due time.Time, ok bool) {
	a.ask(func(r ledger.Reader) {
		var ms int64
		if ms, ok = a.keepers.Election.NextDue(r, from.UnixMilli()); ok {
			due = time.UnixMilli(ms)
		}
	})
	return due, ok
}

// Unfinished reports whether the next block goes on with work that the last one
// left: the list of counted ballots of a zone that closed.
func (a *App) Unfinished() (unfinished bool) {
	a.ask(func(r ledger.Reader) { unfinished = a.keepers.Ballot.Listing(r) })
	return unfinished
}

// ask reads the last committed state, if there is one and the disk lets it be
// read; a failure is noted.
func (a *App) ask(question func(ledger.Reader)) {
	var err error
	defer a.guard(&err)
	v := a.View()
	defer v.Close()
	if v.began {
		question(v.snap)
	}
}
