package verify_test

import (
	"slices"

	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// forgedRoll are rolls in which an entry stands twice. The block after the first
// stagings has the trees of the first two styles at two entries.
func (w *world) forgedRoll() map[string]forgery {
	const stage = txv1.Kind_KIND_STAGE_ROLL
	staging := func(style uint32, entries ...[]byte) func() []byte {
		return func() []byte {
			return w.sign(stage, &rollv1.StageRoll{ElectionId: w.id[:], Style: style, From: 2, Entries: slices.Concat(entries...)}, w.members[0])
		}
	}
	fresh := slices.Repeat([]byte{7}, 32)
	return map[string]forgery{
		"an entry staged again":          {w.add(stage, 1, staging(0, fresh, w.entries[0])), "roll/entry-staged"},
		"an entry staged for two styles": {w.add(stage, 1, staging(0, w.entries[1])), "roll/entry-staged"},
		"an entry twice in a staging":    {w.add(stage, 1, staging(1, fresh, fresh)), "roll/malformed"},
		"an entry for two styles of one block": {func() []spec {
			i, _ := w.at(stage, 0)
			specs := w.add(stage, 1, staging(0, fresh))()
			specs[i+1] = with(w.t, specs[i+1], staging(1, fresh)())
			return specs
		}, "roll/entry-staged"},
	}
}
