package keeper

import (
	"encoding/binary"
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckCreateElection: definition (new on the chain, timetable in the future).
func (k *Keeper) PrecheckCreateElection(ctx ledger.Context, r ledger.Reader, m *electionv1.CreateElection) ([]string, error) {
	id := election.DefinitionID(ctx.ChainID, m.Definition)
	if r.Get(listKey(id)) != nil {
		return nil, election.CodeExists.Refuse("definition", "election %x is on the chain; a repeated one needs a new nonce", id)
	}
	for i, z := range m.Definition.Zones {
		if z.CeremonyOpensMs <= ctx.TimeMS {
			return nil, election.CodeTimetable.Refuse(fmt.Sprintf("definition.zones[%d].ceremony_opens_ms", i),
				"%d is not after block time %d", z.CeremonyOpensMs, ctx.TimeMS)
		}
	}
	return []string{election.Claim(id)}, nil
}

// ExecuteCreateElection stores the definition and announces its zones.
func (k *Keeper) ExecuteCreateElection(ctx ledger.Context, w ledger.Writer, m *electionv1.CreateElection) error {
	if _, err := k.PrecheckCreateElection(ctx, w, m); err != nil {
		return err
	}
	id := election.DefinitionID(ctx.ChainID, m.Definition)
	w.Set(definitionKey(id), ledger.MustEncode(m.Definition))
	number := uint32(0)
	if b := w.Get(election.KeyNext.Key()); b != nil {
		number = binary.BigEndian.Uint32(b)
	}
	w.Set(election.KeyNext.Key(), ledger.U32(number+1))
	w.Set(numberKey(number), id[:])
	w.Set(listKey(id), append(ledger.U64(uint64(ctx.Height)), ledger.U32(number)...))
	for i, zone := range m.Definition.Zones {
		z := election.Announce(zone, ctx.Height)
		for _, d := range pending(z.Phase) {
			w.Set(dueKey(d.Time(z), id, uint32(i), d), []byte{1})
		}
		k.put(w, id, uint32(i), z)
	}
	return nil
}
