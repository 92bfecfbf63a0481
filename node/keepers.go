package node

import (
	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/node/public"
)

// keepers gives the public interface the modules that it asks.
func keepers(a *app.App) public.Keepers {
	v := a.View()
	defer v.Close()
	k := v.Keepers()
	return public.Keepers{
		Commission: k.Commission, Election: k.Election, Roll: k.Roll, Issuance: k.Issuance, Claims: k.Issuance,
		Ceremony: k.Ceremony, Ballot: k.Ballot, Tally: k.Tally,
	}
}
