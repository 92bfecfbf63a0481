package keeper

import (
	"bytes"

	"github.com/urna-vote/urna/crypto/merkle"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

type zoneRef struct {
	election [32]byte
	zone     uint32
}

// continueListings builds the lists of closed zones, at most budget keys a block.
func (k *Keeper) continueListings(w ledger.Writer, budget int) {
	var due []zoneRef
	for _, phase := range []electionv1.Phase{electionv1.Phase_PHASE_CLOSED, electionv1.Phase_PHASE_COUNTING} {
		k.elections.EachIn(w, phase, func(id [32]byte, zone uint32) {
			due = append(due, zoneRef{election: id, zone: zone})
		})
	}
	for _, z := range due {
		if budget <= 0 {
			return
		}
		if w.Get(ballot.CountedKey(z.election, z.zone)) == nil {
			budget -= continueListing(w, z, budget)
		}
	}
}

// continueListing adds up to budget keys to one list and says how many.
func continueListing(w ledger.Writer, z zoneRef, budget int) int {
	at := &ballotv1.Listing{}
	frontier := new(merkle.Frontier)
	if b := w.Get(ballot.ListingKey(z.election, z.zone)); b != nil {
		at = ledger.MustDecode[ballotv1.Listing](b)
		f, err := merkle.UnmarshalFrontier(at.Frontier)
		must(err)
		frontier = f
	}
	type chunk struct {
		number uint32
		value  []byte
	}
	var chunks []chunk
	added, finished := 0, true
	after(w, ballot.OrderKey(z.election, z.zone, nil), at.Last, func(key, value []byte) bool {
		if added == budget {
			finished = false
			return false
		}
		if frontier.Size()%chunkSize == 0 {
			at.ChunkFirst = bytes.Clone(key)
		}
		must(frontier.Append(leafOf(key, value), func(id merkle.NodeID, h merkle.Hash) {
			if id.Level == ballot.ChunkLevel {
				chunks = append(chunks, chunk{number: uint32(id.Index), value: ballot.ChunkValue(at.ChunkFirst, h)})
			}
		}))
		at.Last = bytes.Clone(key)
		added++
		return true
	})
	for _, c := range chunks {
		w.Set(ballot.ChunkKey(z.election, z.zone, c.number), c.value)
	}
	if !finished {
		at.Frontier = frontier.Marshal()
		w.Set(ballot.ListingKey(z.election, z.zone), ledger.MustEncode(at))
		return added
	}
	if frontier.Size()%chunkSize != 0 {
		// The last chunk is not full: no proof asks for its root, only for what is in it.
		w.Set(ballot.ChunkKey(z.election, z.zone, uint32(frontier.Size()/chunkSize)), ballot.ChunkValue(at.ChunkFirst, merkle.Hash{}))
	}
	w.Delete(ballot.ListingKey(z.election, z.zone))
	root := frontier.Root()
	w.Set(ballot.CountedKey(z.election, z.zone), ledger.MustEncode(&ballotv1.Counted{Size_: frontier.Size(), Root: root[:]}))
	w.Touch(z.election)
	return added
}

const chunkSize = 1 << ballot.ChunkLevel

func leafOf(key, value []byte) merkle.Hash {
	return merkle.LeafHash(append(bytes.Clone(key), value...))
}

// after visits the 32-byte ends of the keys with the prefix that follow last,
// ascending; last may be nil. A Reader can only begin at a prefix: the keys
// after last are those with its first two bytes that are greater, then those
// with its first byte and a greater second, then those with a greater first.
func after(r ledger.Reader, prefix, last []byte, visit func(key, value []byte) bool) {
	open := true
	scan := func(more ...byte) {
		if !open {
			return
		}
		r.Iterate(append(bytes.Clone(prefix), more...), func(key, value []byte) bool {
			end := key[len(prefix):]
			if last == nil || bytes.Compare(end, last) > 0 {
				open = visit(end, value)
			}
			return open
		})
	}
	if len(last) == 0 {
		scan()
		return
	}
	scan(last[0], last[1])
	for b := int(last[1]) + 1; b < 256; b++ {
		scan(last[0], byte(b))
	}
	for b := int(last[0]) + 1; b < 256; b++ {
		scan(byte(b))
	}
}
