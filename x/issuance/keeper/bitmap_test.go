package keeper_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/roll"
)

func TestBitmapProvesWhoHasAToken(t *testing.T) {
	town := sample.OpenIssuing(roll.ChunkPositions + 10)
	issued := []int{0, 7, 8, roll.ChunkPositions - 1, roll.ChunkPositions + 3}
	var txs []ledgertest.Tx
	for _, i := range issued {
		txs = append(txs, town.IssueTx(0, 0, sample.Entry(fmt.Sprintf("0/%d", i))))
	}
	for _, verdict := range town.Block(1000, txs...) {
		must(t, verdict)
	}
	record := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/0"))
	if record.Issued != 5 || record.RollSize != roll.ChunkPositions+10 || record.Removed != 0 {
		t.Fatalf("summary %v", record)
	}
	for _, i := range []int{0, 1, 7, 8, 9, roll.ChunkPositions - 1, roll.ChunkPositions, roll.ChunkPositions + 3} {
		proof, ok := town.Issuance.IssuedChunk(town.State, town.ID, 0, uint64(i))
		if !ok || proof.Proof.Size != 2 {
			t.Fatalf("no proof for position %d", i)
		}
		must(t, proof.Proof.Verify(merkle.LeafHash(proof.Chunk), merkle.Hash(record.IssuedRoot)))
		if got, want := roll.Bit(proof.Chunk, uint64(i)), slices.Contains(issued, i); got != want {
			t.Fatalf("position %d: issued %v, want %v", i, got, want)
		}
	}
	if _, ok := town.Issuance.IssuedChunk(town.State, town.ID, 0, roll.ChunkPositions+10); ok {
		t.Fatal("a position outside the roll is proven")
	}
	other := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/1"))
	if other.Issued != 0 || !bytes.Equal(other.IssuedRoot, other.RemovedRoot) {
		t.Fatal("a style without tokens has marks")
	}
	if n := town.Issuance.IssuedCount(town.State, town.ID, 0); n != 5 {
		t.Fatalf("%d issued in the class", n)
	}
}

func TestBitmapFollowsTheGrowthOfTheRoll(t *testing.T) {
	town := sample.OpenIssuing(3)
	must(t, town.Deliver(town.IssueTx(0, 0, sample.Entry("0/1"))))
	var more [][]byte
	for i := range roll.ChunkPositions {
		more = append(more, sample.Entry(fmt.Sprintf("more/%d", i)))
	}
	for len(more) > 0 {
		must(t, town.Deliver(town.StageTx("chair", 0, more[:roll.MaxStagedEntries]...)))
		more = more[roll.MaxStagedEntries:]
	}
	must(t, town.Decide(commissionv1.Action_ACTION_APPROVE_ROLL, town.StagedRoll("chair")))
	record := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/0"))
	proof, _ := town.Issuance.IssuedChunk(town.State, town.ID, 0, roll.ChunkPositions+1)
	must(t, proof.Proof.Verify(merkle.LeafHash(proof.Chunk), merkle.Hash(record.IssuedRoot)))
	if proof.Proof.Size != 2 || record.RollSize != roll.ChunkPositions+3 {
		t.Fatalf("%d chunks for %d positions", proof.Proof.Size, record.RollSize)
	}
}
