package keeper_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/internal/sample"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ballot/keeper"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

func TestCountedListHoldsTheLastBallotOfEachKey(t *testing.T) {
	c := voting(t, definition(), 3)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	accept(t, c, a.Cast(1, sample.Marks(0, 1, 1)), b.Cast(1, sample.Marks(1, 0, 0)))
	c.Block(20_000)
	accept(t, c, a.Cast(2, sample.Marks(2, 3, 2)))
	if _, ok := c.Ballots.Counted(c.State, c.ID, 0); ok {
		t.Fatal("the list is finished before the close")
	}
	c.Until(sample.Closes)
	counted, ok := c.Ballots.Counted(c.State, c.ID, 0)
	if !ok || counted.Size_ != 2 {
		t.Fatalf("list is %v", counted)
	}
	for _, v := range []*sample.Voter{a, b} {
		key := v.Public()
		spent, _ := c.Ballots.Spent(c.State, key[:])
		proof, err := c.Ballots.CountedProof(c.State, c.ID, 0, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.Verify(merkle.LeafHash(ballot.CountedData(key, spent.Sequence, spent.LogIndex)), merkle.Hash(counted.Root)); err != nil {
			t.Fatal(err)
		}
		if proof.Verify(merkle.LeafHash(ballot.CountedData(key, spent.Sequence+1, spent.LogIndex)), merkle.Hash(counted.Root)) == nil {
			t.Fatal("a ballot that was not cast is proven to be counted")
		}
	}
	if _, err := c.Ballots.CountedProof(c.State, c.ID, 0, [32]byte{1}); err == nil {
		t.Fatal("a key that cast nothing has a proof")
	}
	if !bytes.Equal(c.Object(c.ID, "counted/0"), ledger.MustEncode(counted)) {
		t.Fatal("the summary's list is another")
	}
}

// closed is an election whose only zone is closed.
type closed struct{ id [32]byte }

func (closed) Definition(ledger.Reader, [32]byte) (*electionv1.Definition, bool) { return nil, false }
func (c closed) Number(_ ledger.Reader, id [32]byte) (uint32, bool)              { return 3, id == c.id }
func (c closed) Numbered(ledger.Reader, uint32) ([32]byte, bool)                 { return c.id, true }
func (closed) Zone(ledger.Reader, [32]byte, uint32) (electionv1.ZoneState, bool) {
	return electionv1.ZoneState{Phase: electionv1.Phase_PHASE_CLOSED}, true
}
func (c closed) EachIn(_ ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32)) {
	if phase == electionv1.Phase_PHASE_CLOSED {
		visit(c.id, 0)
	}
}

func TestLongListIsBuiltOverSeveralBlocks(t *testing.T) {
	for _, size := range []int{0, 1, 1024, 2048, ballot.ListingPerBlock, ballot.ListingPerBlock + 1, ballot.ListingPerBlock + 3000} {
		state := ledgertest.New()
		id := [32]byte{7}
		var keys [][32]byte
		for i := range size {
			key := sha256.Sum256(ledger.U64(uint64(i)))
			keys = append(keys, key)
			spend(state, key, ballot.Spent{Number: 3, Sequence: 1, LogIndex: uint64(i)})
		}
		// Neighbours that are not of the zone, the first in a bucket with one that is.
		for i := range 50 {
			key := sha256.Sum256(ledger.U64(uint64(i)))
			key[31] ^= 1
			spend(state, key, ballot.Spent{Number: 3, Zone: 1, Sequence: 1})
			spend(state, sha256.Sum256(key[:]), ballot.Spent{Number: 2, Sequence: 1})
		}
		k := keeper.New(closed{id}, nil, nil)
		blocks := 0
		for state.Get(ballot.CountedKey(id, 0)) == nil {
			k.EndBlock(ledger.Context{}, state)
			if blocks++; blocks > 3 {
				t.Fatalf("%d keys: no list after %d blocks", size, blocks)
			}
		}
		if want := 1 + max(0, size-1)/ballot.ListingPerBlock; blocks != want {
			t.Errorf("%d keys take %d blocks, want %d", size, blocks, want)
		}
		counted := ledger.MustDecode[ballotv1.Counted](state.Get(ballot.CountedKey(id, 0)))
		tree, order := referenceList(t, state, keys)
		if root := tree.Root(); counted.Size_ != uint64(size) || !bytes.Equal(counted.Root, root[:]) {
			t.Fatalf("%d keys: the list is another", size)
		}
		for i := 0; i < size; i += 1 + size/17 {
			proof, err := k.CountedProof(state, id, 0, order[i])
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := tree.Node(merkle.NodeID{Index: uint64(i)})
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.Verify(leaf, tree.Root()); err != nil || proof.Index != uint64(i) {
				t.Fatalf("%d keys: proof of leaf %d: %v", size, i, err)
			}
		}
	}
}

func spend(state *ledgertest.State, key [32]byte, s ballot.Spent) {
	state.Set(ballot.SpentKey(key[:]), s.Encode())
}

// A zone of few keys among many is found by looking up each of its buckets.
func TestListOfASmallZoneAmongManyKeys(t *testing.T) {
	state := ledgertest.New()
	id := [32]byte{7}
	var keys [][32]byte
	for i := range 60_000 {
		key, zone := sha256.Sum256(ledger.U64(uint64(i))), uint32(1)
		if i%100 == 0 {
			keys, zone = append(keys, key), 0
		}
		spend(state, key, ballot.Spent{Number: 3, Zone: zone, Sequence: 1, LogIndex: uint64(i)})
	}
	keeper.New(closed{id}, nil, nil).EndBlock(ledger.Context{}, state)
	counted := ledger.MustDecode[ballotv1.Counted](state.Get(ballot.CountedKey(id, 0)))
	tree, _ := referenceList(t, state, keys)
	if root := tree.Root(); counted.Size_ != 600 || !bytes.Equal(counted.Root, root[:]) {
		t.Fatalf("the list has %d keys", counted.Size_)
	}
}

// referenceList builds the tree at once.
func referenceList(t *testing.T, r ledger.Reader, keys [][32]byte) (*merkle.Tree, [][32]byte) {
	t.Helper()
	order := slices.Clone(keys)
	slices.SortFunc(order, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	tree := new(merkle.Tree)
	for _, key := range order {
		s, err := ballot.DecodeSpent(r.Get(ballot.SpentKey(key[:])))
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Append(merkle.LeafHash(ballot.CountedData(key, s.Sequence, s.LogIndex))); err != nil {
			t.Fatal(err)
		}
	}
	return tree, order
}
