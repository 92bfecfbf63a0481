package keeper_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/roll"
)

const (
	approveRoll   = commissionv1.Action_ACTION_APPROVE_ROLL
	removeEntries = commissionv1.Action_ACTION_REMOVE_ENTRIES
)

func refused(t *testing.T, err error, code ledger.Code, field string) {
	t.Helper()
	var r *ledger.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want refusal %s", err, code.Name)
	}
	if r.Code != code || r.Field != field {
		t.Fatalf("got %v, want %s at %s", r, code.Name, field)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newTown() *sample.Town {
	town := sample.NewTown()
	town.Create(sample.Definition())
	return town
}

func entries(from, to int) [][]byte {
	var out [][]byte
	for i := from; i < to; i++ {
		out = append(out, sample.Entry(fmt.Sprint(i)))
	}
	return out
}

func root(t *testing.T, list [][]byte) merkle.Hash {
	t.Helper()
	tree := new(merkle.Tree)
	for _, e := range list {
		must(t, tree.Append(merkle.LeafHash(e)))
	}
	return tree.Root()
}

func TestStagedTreeIsTheRFC6962TreeOfTheEntries(t *testing.T) {
	town := newTown()
	all := entries(0, 301)
	for _, step := range [][2]int{{0, 1}, {1, 63}, {63, 64}, {64, 130}, {130, 301}} {
		must(t, town.Deliver(town.StageTx("chair", 0, all[step[0]:step[1]]...)))
		size, got := town.Roll.Staged(town.State, town.ID, sample.Public("chair"), 0)
		if want := root(t, all[:step[1]]); size != uint64(step[1]) || got != want {
			t.Fatalf("%d entries with root %x, want %d with %x", size, got, step[1], want)
		}
	}
}

func TestApprovedRollProvesEveryEntryAtItsSize(t *testing.T) {
	town := newTown()
	all := entries(0, 200)
	must(t, town.Deliver(town.StageTx("chair", 0, all[:130]...)))
	act := town.StagedRoll("chair")
	must(t, town.Deliver(town.StageTx("chair", 0, all[130:]...))) // staging goes on meanwhile
	must(t, town.Decide(approveRoll, act))
	want := root(t, all[:130])
	if got := town.Roll.Root(town.State, town.ID, 0); got != want {
		t.Fatalf("root %x, want %x", got, want)
	}
	for i, e := range all {
		style, index, ok := town.Roll.Position(town.State, town.ID, e)
		if ok != (i < 130) {
			t.Fatalf("entry %d in the roll: %v", i, ok)
		}
		if !ok {
			continue
		}
		if style != 0 || index != uint64(i) {
			t.Fatalf("entry %d at style %d, index %d", i, style, index)
		}
		proof, ok := town.Roll.EntryProof(town.State, town.ID, e)
		if !ok || proof.Proof.Size != 130 || proof.Proof.Verify(roll.Leaf(e), want) != nil {
			t.Fatalf("entry %d is not proven", i)
		}
	}
	must(t, town.Decide(approveRoll, town.StagedRoll("chair")))
	if got := town.Roll.Root(town.State, town.ID, 0); got != root(t, all) {
		t.Fatal("the addition has another root")
	}
	if got := town.Roll.Entries(town.State, town.ID, 0, 60, 10); !slices.EqualFunc(got, all[60:70], bytes.Equal) {
		t.Fatal("entries 60 to 70 differ")
	}
	if got := town.Roll.Entries(town.State, town.ID, 0, 195, 10); !slices.EqualFunc(got, all[195:], bytes.Equal) {
		t.Fatalf("%d entries at the end", len(got))
	}
	stored := ledger.MustDecode[rollv1.Roll](town.Object(town.ID, "roll"))
	if len(stored.Styles) != 2 || stored.Styles[0].Size_ != 200 || !bytes.Equal(stored.Author, sample.Public("chair")) {
		t.Fatalf("summary says %v", stored)
	}
}

func TestStageRefusesStrangerGapOverlapAndUnknown(t *testing.T) {
	town := newTown()
	refused(t, town.Check(town.StageTx("stranger", 0, entries(0, 1)...)), roll.CodeNotMember, "signer")
	refused(t, town.Check(town.StageTx("chair", 2, entries(0, 1)...)), roll.CodeUnknownStyle, "style")
	stale := town.StageTx("chair", 0, entries(5, 6)...)
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 2)...)))
	refused(t, town.Check(stale), roll.CodePosition, "from")
	id := town.ID
	town.ID = [32]byte{1}
	refused(t, town.Check(town.StageTx("chair", 0, entries(0, 1)...)), roll.CodeUnknownElection, "election_id")
	town.ID = id
}

func TestStageRefusesTheSameEntryInTwoStyles(t *testing.T) {
	town := newTown()
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 2)...)))
	refused(t, town.Check(town.StageTx("chair", 1, entries(1, 3)...)), roll.CodeDuplicate, "entries")
	refused(t, town.Check(town.StageTx("chair", 0, entries(1, 3)...)), roll.CodeDuplicate, "entries")
	// Another member's roll is another roll.
	must(t, town.Check(town.StageTx("secretary", 1, entries(1, 3)...)))
}

func TestStageRefusesTheSameEntryInTwoStylesOfOneBlock(t *testing.T) {
	town := newTown()
	verdicts := town.Block(1000, town.StageTx("chair", 0, entries(0, 2)...), town.StageTx("chair", 1, entries(1, 3)...), town.StageTx("chair", 1, entries(3, 5)...))
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) || verdicts[2] != nil {
		t.Fatalf("got %v", verdicts)
	}
}

func TestStageRefusesMalformedEntries(t *testing.T) {
	town := newTown()
	refused(t, town.Check(town.StageTx("chair", 0)), roll.CodeMalformed, "entries")
	refused(t, town.Check(town.StageTx("chair", 0, make([]byte, 33))), roll.CodeMalformed, "entries")
	refused(t, town.Check(town.StageTx("chair", 0, entries(0, 1)[0], entries(0, 1)[0])), roll.CodeMalformed, "entries")
	must(t, town.Check(town.StageTx("chair", 0, entries(0, roll.MaxStagedEntries)...)))
	if town.Check(town.StageTx("chair", 0, entries(0, roll.MaxStagedEntries+10)...)) == nil {
		t.Fatal("too many entries accepted")
	}
}

func TestApproveRefusesWhatWasNotStaged(t *testing.T) {
	town := newTown()
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 3)...)))
	change := func(code ledger.Code, field string, f func(*rollv1.ApproveRoll)) {
		t.Helper()
		act := town.StagedRoll("chair")
		f(act)
		refused(t, town.Decide(approveRoll, act), code, field)
	}
	change(roll.CodeTree, "styles[0].size", func(a *rollv1.ApproveRoll) { a.Styles[0].Size_ = 4 })
	change(roll.CodeTree, "styles[0].root", func(a *rollv1.ApproveRoll) { a.Styles[0].Root = make([]byte, 32) })
	change(roll.CodeTree, "styles[0].root", func(a *rollv1.ApproveRoll) { a.Styles[0].Size_ = 2 })
	change(roll.CodeTree, "styles[1].size", func(a *rollv1.ApproveRoll) { a.Styles[1].Size_ = 1 })
	change(roll.CodeTree, "styles[0].size", func(a *rollv1.ApproveRoll) { a.Author = sample.Public("secretary") })
	change(roll.CodeNotMember, "author", func(a *rollv1.ApproveRoll) { a.Author = sample.Public("stranger") })
	change(roll.CodeUnknownStyle, "styles", func(a *rollv1.ApproveRoll) { a.Styles = a.Styles[:1] })
	change(roll.CodeMalformed, "styles[0].style", func(a *rollv1.ApproveRoll) { slices.Reverse(a.Styles) })
	change(roll.CodeUnknownElection, "election_id", func(a *rollv1.ApproveRoll) { a.ElectionId = make([]byte, 32) })
}

func TestApprovedRollNeverShrinksNorChangesItsAuthor(t *testing.T) {
	town := newTown()
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 2)...)))
	small := town.StagedRoll("chair")
	must(t, town.Deliver(town.StageTx("chair", 0, entries(2, 5)...)))
	must(t, town.Decide(approveRoll, town.StagedRoll("chair")))
	refused(t, town.Decide(approveRoll, small), roll.CodeShrinks, "styles[0].size")
	must(t, town.Deliver(town.StageTx("secretary", 0, entries(0, 6)...)))
	refused(t, town.Decide(approveRoll, town.StagedRoll("secretary")), roll.CodeAuthor, "author")
}

func TestSmallTokenClassIsRefusedUnlessTheDefinitionAllowsIt(t *testing.T) {
	town := sample.NewTown()
	def := sample.Definition()
	def.SmallClasses = false
	town.Create(def)
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 60)...)))
	must(t, town.Deliver(town.StageTx("chair", 1, entries(60, 99)...)))
	refused(t, town.Decide(approveRoll, town.StagedRoll("chair")), roll.CodeSmallClass, "styles")
	must(t, town.Deliver(town.StageTx("chair", 1, entries(99, 100)...)))
	must(t, town.Decide(approveRoll, town.StagedRoll("chair")))
}

func TestRollGrowsUntilItsZoneCloses(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.VotingOpens)
	must(t, town.Deliver(town.StageTx("chair", 0, entries(0, 1)...)))
	late := town.StagedRoll("chair")
	must(t, town.Decide(approveRoll, late))
	must(t, town.Deliver(town.StageTx("chair", 0, entries(1, 2)...)))
	late = town.StagedRoll("chair")
	town.Until(sample.Closes)
	refused(t, town.Decide(approveRoll, late), roll.CodePhase, "styles[0].style")
	refused(t, town.Check(town.StageTx("chair", 0, entries(2, 3)...)), roll.CodePhase, "style")
}

func TestRemovedEntryKeepsItsPlaceAndIsMarked(t *testing.T) {
	town := sample.OpenIssuing(3)
	struck, other := sample.Entry("0/1"), sample.Entry("0/2")
	before := town.Roll.Root(town.State, town.ID, 0)
	must(t, town.Decide(removeEntries, &rollv1.RemoveEntries{ElectionId: town.ID[:], Entries: [][]byte{struck}, Reason: "moved away"}))
	if !town.Roll.Removed(town.State, town.ID, 0, 1) || town.Roll.Removed(town.State, town.ID, 0, 2) || town.Roll.Removed(town.State, town.ID, 1, 1) {
		t.Fatal("the wrong positions are marked")
	}
	if town.Roll.Root(town.State, town.ID, 0) != before || town.Roll.Size(town.State, town.ID, 0) != 3 {
		t.Fatal("the roll itself changed")
	}
	record := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/0"))
	proof, _ := town.Roll.RemovedChunk(town.State, town.ID, 0, 1)
	if record.Removed != 1 || !roll.Bit(proof.Chunk, 1) || roll.Bit(proof.Chunk, 0) {
		t.Fatalf("%d removed", record.Removed)
	}
	must(t, proof.Proof.Verify(merkle.LeafHash(proof.Chunk), merkle.Hash(record.RemovedRoot)))
	refused(t, town.Check(town.IssueTx(0, 0, struck)), issuance.CodeRemoved, "entry")
	must(t, town.Check(town.IssueTx(0, 0, other)))
}

func TestRemoveRefusesTokenHolderRemovedAndUnknown(t *testing.T) {
	town := sample.OpenIssuing(3)
	remove := func(list ...[]byte) error {
		slices.SortFunc(list, bytes.Compare)
		return town.Decide(removeEntries, &rollv1.RemoveEntries{ElectionId: town.ID[:], Entries: list, Reason: "error"})
	}
	must(t, town.Deliver(town.IssueTx(0, 0, sample.Entry("0/0"))))
	refused(t, remove(sample.Entry("0/0")), roll.CodeHasToken, "entries[0]")
	refused(t, remove(sample.Entry("nobody")), roll.CodeUnknownEntry, "entries[0]")
	must(t, remove(sample.Entry("0/1"), sample.Entry("1/1")))
	refused(t, remove(sample.Entry("0/1")), roll.CodeRemoved, "entries[0]")
	refused(t, remove(sample.Entry("0/2"), sample.Entry("0/2")), roll.CodeMalformed, "entries[1]")
	town.Until(sample.Closes)
	refused(t, remove(sample.Entry("0/2")), roll.CodePhase, "entries[0].style")
}

func TestTokenAndRemovalOfAnEntryExcludeEachOther(t *testing.T) {
	town := sample.OpenIssuing(3)
	approve, err := town.Prepare(removeEntries, &rollv1.RemoveEntries{ElectionId: town.ID[:], Entries: [][]byte{sample.Entry("0/0")}, Reason: "error"})
	must(t, err)
	verdicts := town.Block(1000, town.IssueTx(0, 0, sample.Entry("0/0")), approve)
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
}

func TestRollIsReadyOnceApprovedWithAnEntryInTheZone(t *testing.T) {
	town := newTown()
	if town.Roll.RollReady(town.State, town.ID, 0) {
		t.Fatal("ready without a roll")
	}
	must(t, town.Decide(approveRoll, town.StagedRoll("chair")))
	if town.Roll.RollReady(town.State, town.ID, 0) {
		t.Fatal("ready with an empty roll")
	}
	town.Enrol(1)
	if !town.Roll.RollReady(town.State, town.ID, 0) {
		t.Fatal("not ready")
	}
}

func TestCancelledElectionTakesNoRoll(t *testing.T) {
	town := newTown()
	must(t, town.Decide(commissionv1.Action_ACTION_CANCEL_ELECTION, &electionv1.CancelElection{ElectionId: town.ID[:], Reason: "flood"}))
	if town.Phase(0) != electionv1.Phase_PHASE_CANCELLED {
		t.Fatal(election.PhaseName(town.Phase(0)))
	}
	refused(t, town.Check(town.StageTx("chair", 0, entries(0, 1)...)), roll.CodePhase, "style")
}

func BenchmarkStageRoll(b *testing.B) {
	town := newTown()
	all := entries(0, roll.MaxStagedEntries)
	tx := town.StageTx("chair", 0, all...)
	empty := town.State.Clone()
	for b.Loop() {
		town.State = empty.Clone()
		if err := town.Deliver(tx); err != nil {
			b.Fatal(err)
		}
	}
}
