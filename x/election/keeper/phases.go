package keeper

import (
	"encoding/binary"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// EachIn visits the zones that are in a phase, ascending by election and zone.
// Its cost grows with them, not with the elections of the chain. The visitor
// may change zones.
func (k *Keeper) EachIn(r ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32)) {
	prefix := election.KeyPhase.Key(ledger.U32(uint32(phase)))
	var found [][]byte
	r.Iterate(prefix, func(key, _ []byte) bool {
		found = append(found, append([]byte(nil), key[len(prefix):]...))
		return true
	})
	for _, f := range found {
		visit([32]byte(f[:32]), binary.BigEndian.Uint32(f[32:]))
	}
}

// index keeps the zones of each phase; it runs before the zone is stored.
func (k *Keeper) index(w ledger.Writer, id [32]byte, zone uint32, phase electionv1.Phase) {
	if before, ok := k.Zone(w, id, zone); ok {
		if before.Phase == phase {
			return
		}
		w.Delete(phaseKey(before.Phase, id, zone))
	}
	w.Set(phaseKey(phase, id, zone), []byte{1})
}

func phaseKey(phase electionv1.Phase, id [32]byte, zone uint32) []byte {
	return election.KeyPhase.Key(ledger.U32(uint32(phase)), id[:], ledger.U32(zone))
}
