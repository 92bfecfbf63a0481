package app

import (
	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/x/ledger"
)

// Keepers of all modules.
type Keepers struct{}

func newKeepers() *Keepers { return &Keepers{} }

// rules lists the modules in the order in which they act.
func (k *Keepers) rules() Rules {
	return Rules{Genesis: func(ledger.Writer, *genesis.State) error { return nil }}
}
