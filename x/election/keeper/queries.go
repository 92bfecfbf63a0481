package keeper

import (
	"encoding/binary"
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Definition finds an election's definition. It is shared: the caller must not
// change it.
func (k *Keeper) Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool) {
	return ledger.Recall(r, definitionKey(id), func(value []byte) *electionv1.Definition {
		k.mu.Lock()
		defer k.mu.Unlock()
		if def, ok := k.definitions[id]; ok {
			return def
		}
		def := ledger.MustDecode[electionv1.Definition](value)
		if len(k.definitions) >= cachedDefinitions {
			clear(k.definitions)
		}
		k.definitions[id] = def
		return def
	})
}

// Zone finds the state of a zone.
func (k *Keeper) Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool) {
	z, ok := ledger.Recall(r, zoneKey(id, zone), ledger.MustDecode[electionv1.ZoneState])
	if !ok {
		return electionv1.ZoneState{}, false
	}
	return *z, true
}

// Number of an election: they count from 0 in the order of their creation.
func (k *Keeper) Number(r ledger.Reader, id [32]byte) (uint32, bool) {
	return ledger.Recall(r, listKey(id), func(value []byte) uint32 { return binary.BigEndian.Uint32(value[8:]) })
}

// Numbered is the election of a number.
func (k *Keeper) Numbered(r ledger.Reader, number uint32) ([32]byte, bool) {
	return ledger.Recall(r, numberKey(number), func(value []byte) [32]byte { return [32]byte(value) })
}

// Elections lists the ids of all elections, ascending.
func (k *Keeper) Elections(r ledger.Reader) [][32]byte {
	var out [][32]byte
	r.Iterate(election.KeyList.Key(), func(key, _ []byte) bool {
		out = append(out, [32]byte(key[1:]))
		return true
	})
	return out
}

// Summary lists the objects "definition" and "zone/<z>".
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	definition := r.Get(definitionKey(id))
	if definition == nil {
		return nil
	}
	out := []ledger.Object{{Name: "definition", Bytes: definition}}
	zone := 0
	r.Iterate(election.KeyZone.Key(id[:]), func(_, value []byte) bool {
		out = append(out, ledger.Object{Name: fmt.Sprintf("zone/%d", zone), Bytes: value})
		zone++
		return true
	})
	return out
}
