package app

import (
	"fmt"

	"github.com/urna-vote/urna/app/genesis"
	ballotkeeper "github.com/urna-vote/urna/x/ballot/keeper"
	ceremonykeeper "github.com/urna-vote/urna/x/ceremony/keeper"
	"github.com/urna-vote/urna/x/commission"
	commissionkeeper "github.com/urna-vote/urna/x/commission/keeper"
	electionkeeper "github.com/urna-vote/urna/x/election/keeper"
	issuancekeeper "github.com/urna-vote/urna/x/issuance/keeper"
	"github.com/urna-vote/urna/x/ledger"
	rollkeeper "github.com/urna-vote/urna/x/roll/keeper"
	tallykeeper "github.com/urna-vote/urna/x/tally/keeper"
)

// Keepers of all modules.
type Keepers struct {
	Commission *commissionkeeper.Keeper
	Election   *electionkeeper.Keeper
	Roll       *rollkeeper.Keeper
	Issuance   *issuancekeeper.Keeper
	Ceremony   *ceremonykeeper.Keeper
	Ballot     *ballotkeeper.Keeper
	Tally      *tallykeeper.Keeper
}

// NewKeepers makes the keepers, each with those it asks. Two circles are closed
// by gates and members: the election asks whether others are ready, and the
// commission routes the acts of all.
func NewKeepers() *Keepers {
	k := new(Keepers)
	k.Election = electionkeeper.New(gates{k})
	k.Roll = rollkeeper.New(k.Election, members{k}, issuancekeeper.Tokens{})
	k.Issuance = issuancekeeper.New(k.Election, k.Roll)
	k.Ceremony = ceremonykeeper.New(k.Election)
	k.Ballot = ballotkeeper.New(k.Election, k.Ceremony, k.Issuance)
	k.Tally = tallykeeper.New(k.Election, k.Ballot, k.Ceremony, k.Roll, k.Issuance)
	var acts []ledger.Act
	for _, m := range k.others() {
		acts = append(acts, m.Acts...)
	}
	k.Commission = commissionkeeper.New(acts)
	return k
}

// others are the modules after the commission, in the order in which they act:
// deadlines first, ballots before what counts them.
func (k *Keepers) others() []ledger.Module {
	return []ledger.Module{
		k.Election.Module(), k.Roll.Module(), k.Issuance.Module(), k.Ceremony.Module(),
		k.Ballot.Module(), k.Tally.Module(),
	}
}

// Rules are the modules with their genesis.
func (k *Keepers) Rules() Rules {
	return Rules{
		Modules: append([]ledger.Module{k.Commission.Module()}, k.others()...),
		Genesis: func(w ledger.Writer, s *genesis.State) error {
			g := commission.Genesis{Quorum: s.Commission.Quorum}
			for _, m := range s.Commission.Members {
				g.Members = append(g.Members, commission.Member{Name: m.Name, Role: m.Role, Key: m.Key[:]})
			}
			if err := k.Commission.InitGenesis(w, g); err != nil {
				return fmt.Errorf("app_state: %w", err)
			}
			return nil
		},
	}
}

// gates ask the modules that come after the election.
type gates struct{ k *Keepers }

func (g gates) KeyReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return g.k.Ceremony.KeyReady(r, id, zone)
}

func (g gates) RollReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return g.k.Roll.RollReady(r, id, zone)
}

func (g gates) IssuersReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return g.k.Issuance.IssuersReady(r, id, zone)
}

// members ask the commission.
type members struct{ k *Keepers }

func (m members) IsMember(r ledger.Reader, key []byte) bool { return m.k.Commission.IsMember(r, key) }
