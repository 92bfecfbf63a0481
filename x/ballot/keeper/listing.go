package keeper

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// zoneRef is a zone; its election stands in records by its number.
type zoneRef struct {
	election [32]byte
	number   uint32
	zone     uint32
}

func (k *Keeper) zoneRef(r ledger.Reader, id [32]byte, zone uint32) zoneRef {
	number, ok := k.elections.Number(r, id)
	if !ok {
		panic(fmt.Sprintf("ballot: election %x has no number", id))
	}
	return zoneRef{election: id, number: number, zone: zone}
}

// continueListings builds the lists of closed zones, at most budget keys a block.
func (k *Keeper) continueListings(w ledger.Writer, budget int) {
	for _, z := range k.unlisted(w) {
		if budget <= 0 {
			return
		}
		budget -= continueListing(w, z, budget)
	}
}

// Listing reports whether a list of a closed zone is not complete: the next
// blocks go on with it.
func (k *Keeper) Listing(r ledger.Reader) bool { return len(k.unlisted(r)) > 0 }

// unlisted are the closed zones whose lists are not complete.
func (k *Keeper) unlisted(r ledger.Reader) []zoneRef {
	var out []zoneRef
	for _, phase := range []electionv1.Phase{electionv1.Phase_PHASE_CLOSED, electionv1.Phase_PHASE_COUNTING} {
		k.elections.EachIn(r, phase, func(id [32]byte, zone uint32) {
			if r.Get(ballot.CountedKey(id, zone)) == nil {
				out = append(out, k.zoneRef(r, id, zone))
			}
		})
	}
	return out
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
	eachOf(w, z, at.Last, func(key []byte, spent *ballot.Spent) bool {
		if bytes.Equal(key, at.Last) {
			return true
		}
		if added == budget {
			finished = false
			return false
		}
		if frontier.Size()%chunkSize == 0 {
			at.ChunkFirst = key
		}
		must(frontier.Append(leafOf(key, spent), func(id merkle.NodeID, h merkle.Hash) {
			if id.Level == ballot.ChunkLevel {
				chunks = append(chunks, chunk{number: uint32(id.Index), value: ballot.ChunkValue(at.ChunkFirst, h)})
			}
		}))
		at.Last = key
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

func leafOf(key []byte, s *ballot.Spent) merkle.Hash {
	return merkle.LeafHash(ballot.CountedData([32]byte(key), s.Sequence, s.LogIndex))
}

// Spent keys of all zones stand together, in order. To visit those of one zone,
// the index says in which buckets there are any: so many buckets are read at
// once, and so many keys of others are passed by before each bucket is looked up
// by itself.
const (
	bucketBatch = 512
	patience    = 4 * bucketBatch
)

// eachOf visits the spent keys of a zone in ascending order, from a ballot key on;
// nil means from the first. The visitor may keep the key.
func eachOf(r ledger.Reader, z zoneRef, from []byte, visit func(ballotKey []byte, s *ballot.Spent) bool) {
	prefix := ballot.OrderPrefix(z.number, z.zone)
	start := prefix
	if len(from) > 0 {
		start = append(bytes.Clone(prefix), from[:ballot.BucketBytes]...)
	}
	for start != nil {
		var buckets [][]byte
		r.IterateFrom(prefix, start, func(key, _ []byte) bool {
			buckets = append(buckets, bytes.Clone(key[len(prefix):]))
			return len(buckets) < bucketBatch
		})
		w := walk{r: r, zone: z, from: from, buckets: buckets, visit: visit}
		if !w.run() || len(buckets) < bucketBatch {
			return
		}
		start = append(bytes.Clone(prefix), next(buckets[len(buckets)-1])...)
		if len(start) == len(prefix) {
			return
		}
	}
}

// next is the bucket after one, nil after the last.
func next(bucket []byte) []byte {
	n := binary.BigEndian.Uint32(bucket) + 1
	if n == 0 {
		return nil
	}
	return ledger.U32(n)
}

// walk visits the keys of a zone in some of its buckets.
type walk struct {
	r       ledger.Reader
	zone    zoneRef
	from    []byte
	buckets [][]byte
	visit   func(ballotKey []byte, s *ballot.Spent) bool
}

// run reports whether the visitor wants more.
func (w *walk) run() bool {
	if len(w.buckets) == 0 {
		return true
	}
	going, passed := true, 0
	w.r.IterateFrom(ballot.SpentKey(nil), ballot.SpentKey(w.buckets[0]), func(key, value []byte) bool {
		for len(w.buckets) > 0 && bytes.Compare(key[1:1+ballot.BucketBytes], w.buckets[0]) > 0 {
			w.buckets = w.buckets[1:]
		}
		if len(w.buckets) == 0 {
			return false
		}
		if !bytes.Equal(key[1:1+ballot.BucketBytes], w.buckets[0]) {
			passed++
			return passed < patience
		}
		going = w.one(key, value)
		return going
	})
	if passed < patience {
		return going
	}
	for going && len(w.buckets) > 0 {
		w.r.Iterate(ballot.SpentKey(w.buckets[0]), func(key, value []byte) bool {
			going = w.one(key, value)
			return going
		})
		w.buckets = w.buckets[1:]
	}
	return going
}

func (w *walk) one(key, value []byte) bool {
	ballotKey, s := key[1:], mustDecode(value)
	if s.Number != w.zone.number || s.Zone != w.zone.zone || bytes.Compare(ballotKey, w.from) < 0 {
		return true
	}
	return w.visit(bytes.Clone(ballotKey), s)
}
