package keeper

import (
	"fmt"

	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// PrecheckRemoveEntries: election_id (known), entries (in the roll, not removed,
// without a token, zone not closed).
func (k *Keeper) PrecheckRemoveEntries(_ ledger.Context, r ledger.Reader, m *rollv1.RemoveEntries) ([]string, error) {
	id := [32]byte(m.ElectionId)
	if _, ok := k.elections.Definition(r, id); !ok {
		return nil, roll.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	claims := make([]string, 0, len(m.Entries))
	for i, entry := range m.Entries {
		path := fmt.Sprintf("entries[%d]", i)
		style, index, ok := k.Position(r, id, entry)
		if !ok {
			return nil, roll.CodeUnknownEntry.Refuse(path, "%x is not in the roll", entry)
		}
		if _, err := k.openStyle(r, id, style); err != nil {
			return nil, prefix(path+".", err)
		}
		if k.Removed(r, id, style, index) {
			return nil, roll.CodeRemoved.Refuse(path, "%x was removed before", entry)
		}
		if k.tokens.HasToken(r, id, entry) {
			return nil, roll.CodeHasToken.Refuse(path, "a token was issued for %x; it cannot be taken back", entry)
		}
		claims = append(claims, roll.EntryClaim(id, entry))
	}
	return claims, nil
}

// ExecuteRemoveEntries strikes the entries.
func (k *Keeper) ExecuteRemoveEntries(ctx ledger.Context, w ledger.Writer, m *rollv1.RemoveEntries) error {
	if _, err := k.PrecheckRemoveEntries(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	struck := make(map[uint32]uint64)
	var styles []uint32
	for _, entry := range m.Entries {
		style, index, _ := k.Position(w, id, entry)
		key := chunkKey(id, style, roll.ChunkOf(index))
		w.Set(key, roll.WithBit(w.Get(key), index))
		if struck[style] == 0 {
			styles = append(styles, style)
		}
		struck[style]++
	}
	for _, style := range styles {
		record := k.removed(w, id, style)
		record.Count += struck[style]
		root := k.removedTree(w, id, style).Root()
		record.Root = root[:]
		record.Chunks = roll.Chunks(k.Size(w, id, style))
		w.Set(removedKey(id, style), ledger.MustEncode(record))
	}
	w.Touch(id)
	return nil
}
