package app_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/envelope"
)

func TestWhatPrepareBuildsProcessAccepts(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	taken := note(t, 0)
	n.block(taken)
	good := [][]byte{note(t, 1), proof(t, id(1, 2)), note(t, 3), proof(t, id(1, 4))}
	bad := [][]byte{
		taken, nil, []byte("garbage"),
		proof(t, id(0xff, 5)),                // its fact is false
		signed(t, kindAppointment, id(1, 6)), // too early
		proof(t, id(1, 1)),                   // claims what note 1 claims
		append(note(t, 7), 0),                // trailing byte
		signed(t, kindNote, id(0xee, 8)),     // makes the module panic
		flip(note(t, 9), -1),                 // signature
	}
	got := n.prepare(append(slices.Clone(good), append(bad, good[0])...)...)
	if want := sorted(t, good...); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("%d transactions proposed, want %d", len(got), len(want))
	}
	other := startNode(t, vfs.NewMem(), trialRules(false))
	defer other.close()
	other.block(taken)
	if !other.process(got...) {
		t.Fatal("another node refuses the proposal")
	}
	a, b := n.block(got...), other.block(got...)
	if !bytes.Equal(a.AppHash, b.AppHash) {
		t.Fatal("two nodes, two hashes")
	}
	for i, r := range a.TxResults {
		tx, _ := envelope.Decode(got[i], chainID)
		if r.Code != 0 || (tx.Kind == kindProof) != (len(r.Data) == 8) {
			t.Fatalf("result of transaction %d: %v", i, r)
		}
	}
	if last := a.TxResults[len(a.TxResults)-1]; binary.BigEndian.Uint64(last.Data) != 1 {
		t.Fatalf("the second logged transaction has index %x", last.Data)
	}
}

// flip turns a bit of the byte at an offset, from the end if negative.
func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	return b
}

func TestBlockWithOneWrongTransactionIsRefused(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(true))
	defer n.close()
	n.block(note(t, 0))
	a, b := note(t, 1), proof(t, id(1, 2))
	right := sorted(t, a, b)
	for name, txs := range map[string][][]byte{
		"out of order":        {right[1], right[0]},
		"one twice":           {a, a},
		"malformed":           {[]byte{1, 2, 3}},
		"already taken":       {note(t, 0)},
		"false fact":          {proof(t, id(0xff, 3))},
		"too early":           {signed(t, kindAppointment, id(1, 4))},
		"bad signature":       {flip(a, -1)},
		"two claim one thing": sorted(t, a, proof(t, id(1, 1))),
		"module panics":       {signed(t, kindNote, id(0xee, 5))},
		"does not execute":    {signed(t, kindNote, id(0xdd, 6))},
	} {
		if n.process(txs...) {
			t.Errorf("%s: accepted", name)
		}
	}
	if !n.process(right...) {
		t.Error("the right block is refused")
	}
	if !n.process() {
		t.Error("the empty block is refused")
	}
}

func TestOwnProposalThatFailsLosesTheCulpritOnly(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(true))
	defer n.close()
	good := note(t, 1)
	if got := n.prepare(good, signed(t, kindNote, id(0xdd, 2))); len(got) != 1 || !bytes.Equal(got[0], good) {
		t.Fatalf("%d transactions proposed", len(got))
	}
}

func TestCulpritsThatWaitDoNotStopTheRest(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(true))
	defer n.close()
	good := [][]byte{note(t, 1), proof(t, id(1, 2))}
	waiting := slices.Clone(good)
	for i := range 16 {
		waiting = append(waiting, signed(t, kindNote, id(0xdc+byte(i%2), 10+i)))
	}
	got := n.prepare(waiting...)
	if !slices.EqualFunc(got, sorted(t, good...), bytes.Equal) {
		t.Fatalf("%d transactions proposed, want the two that execute", len(got))
	}
	if !n.process(got...) {
		t.Fatal("the proposal is refused")
	}
	if got := n.prepare(append(waiting, signed(t, kindNote, id(0xdd, 99)))...); len(got) != 0 {
		t.Fatalf("after 17 failures %d transactions are proposed, want none", len(got))
	}
}

func TestFaultInExecutionIsTheCulprits(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(true))
	defer n.close()
	good := note(t, 1)
	if got := n.prepare(good, signed(t, kindNote, id(0xdc, 2))); len(got) != 1 || !bytes.Equal(got[0], good) {
		t.Fatalf("%d transactions proposed", len(got))
	}
}

func TestFaultInACheckStopsNoNode(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	good, faulty := note(t, 1), proof(t, id(0xfe, 2))
	if r := n.check(faulty); r.Code == 0 || !strings.Contains(r.Log, "fault") {
		t.Fatalf("check: %v", r)
	}
	if n.process(faulty) {
		t.Fatal("a block with it is accepted")
	}
	if got := n.prepare(good, faulty); len(got) != 1 || !bytes.Equal(got[0], good) {
		t.Fatalf("%d transactions proposed", len(got))
	}
}

// A stranger can name anybody as the signer.
func TestSignedFirstKindIsNotLookedAtBeforeItsSignature(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	n.block(note(t, 1))
	taken := signed(t, kindOffice, id(1, 1))
	if r := n.check(taken); r.Code != codeTaken.Number {
		t.Fatalf("signed: %v", r)
	}
	if r := n.check(flip(taken, -1)); r.Codespace != envelope.Codespace || r.Code != envelope.CodeSignature.Number {
		t.Fatalf("not signed: %v", r)
	}
}

func TestBlockUsesNoMoreThanTheQuotaLeft(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	var all [][]byte
	for i := range 5 {
		all = append(all, signed(t, kindQuota, id(1, i)))
	}
	if n.process(sorted(t, all[:3]...)...) {
		t.Fatal("three use what is left for two")
	}
	if got := n.prepare(all...); len(got) != 2 || !n.process(got...) {
		t.Fatalf("%d transactions proposed", len(got))
	}
}

func TestPrepareKeepsWithinTheRoomInOrderOfArrival(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	var all [][]byte
	for i := range 50 {
		all = append(all, note(t, i))
	}
	h, at := n.next()
	limit := int64(10*(len(all[0])+6) + 5)
	r, err := n.app.PrepareProposal(ctx, &abci.RequestPrepareProposal{Txs: all, MaxTxBytes: limit, Height: h, Time: at})
	if err != nil {
		t.Fatal(err)
	}
	if want := sorted(t, all[:10]...); !slices.EqualFunc(r.Txs, want, bytes.Equal) {
		t.Fatalf("%d transactions, want the first 10", len(r.Txs))
	}
}

// T39: the network decided what the rules refuse.
func TestDecidedBlockAgainstTheRulesStopsTheNodeWithEvidence(t *testing.T) {
	fs := vfs.NewMem()
	n := startNode(t, fs, trialRules(false))
	n.block(note(t, 1))
	before := n.appHash()
	bad := note(t, 1)
	_, err := n.finalize(bad)
	if err == nil || !strings.Contains(err.Error(), "evidence-2.bin") || !strings.Contains(err.Error(), "taken") {
		t.Fatalf("finalize: %v", err)
	}
	select {
	case <-n.app.Failed():
	default:
		t.Fatal("nobody is told of the stop")
	}
	if _, err := n.app.Commit(ctx, &abci.RequestCommit{}); err == nil {
		t.Fatal("a stopped application commits")
	}
	if r, err := n.app.CheckTx(ctx, &abci.RequestCheckTx{Tx: note(t, 2)}); err != nil || r.Code != mempool.CodeStopping.Number {
		t.Fatal("a stopped application checks")
	}
	f, err := fs.Open("data/evidence-2.bin")
	if err != nil {
		t.Fatal(err)
	}
	stat, _ := f.Stat()
	buf := make([]byte, stat.Size())
	if _, err := f.ReadAt(buf, 0); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	var kept abci.RequestFinalizeBlock
	if err := kept.Unmarshal(buf); err != nil || kept.Height != 2 || len(kept.Txs) != 1 || !bytes.Equal(kept.Txs[0], bad) {
		t.Fatalf("evidence is not the block: %v", err)
	}
	n.close()
	again := openNode(t, fs, trialRules(false))
	defer again.close()
	if again.height != 1 || !bytes.Equal(again.appHash(), before) {
		t.Fatalf("after the stop the state stands at %d", again.height)
	}
}

func TestTransactionRefusedAsTooEarlyIsAcceptedLater(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	raw := signed(t, kindAppointment, id(1, 1))
	if r := n.check(raw); r.Code < 32000 || r.Codespace != "trial" {
		t.Fatalf("refused with %d of %s: not a code for trying again", r.Code, r.Codespace)
	}
	for n.timeMS < opensMS {
		n.block()
	}
	if r := n.check(raw); r.Code != 0 {
		t.Fatalf("still refused: %s", r.Log)
	}
	if got := n.prepare(raw); len(got) != 1 {
		t.Fatal("not proposed")
	}
	n.block(raw)
}

// smallOrder is the neutral element as a key: elsewhere it signs everything.
func smallOrder() []byte { return append([]byte{1}, make([]byte, 31)...) }

func TestBadInputsAreRefusedByName(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	good := note(t, 1)
	tx, _ := envelope.Decode(good, chainID)
	altered := func(change func()) []byte {
		saved := *tx
		defer func() { *tx = saved }()
		change()
		raw, err := tx.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	unsigned, _ := envelope.EncodeUnsigned(chainID, kindNote, body(id(1, 1)))
	signedProof, _ := envelope.Encode(chainID, kindProof, body(id(1, 1)), key(1))
	for name, c := range map[string]struct {
		raw  []byte
		want uint32
	}{
		"empty":                  {nil, envelope.CodeVersion.Number},
		"malformed":              {[]byte("no transaction"), envelope.CodeMalformed.Number},
		"truncated":              {good[:len(good)-1], envelope.CodeMalformed.Number},
		"trailing byte":          {append(bytes.Clone(good), 0), envelope.CodeMalformed.Number},
		"oversized":              {make([]byte, envelope.MaxBytes+1), envelope.CodeTooLarge.Number},
		"oversized for its kind": {altered(func() { tx.Body = make([]byte, 101) }), envelope.CodeTooLarge.Number},
		"wrong chain":            {altered(func() { tx.ChainId = "rehearsal-0011223344556677" }), envelope.CodeWrongChain.Number},
		"wrong version":          {altered(func() { tx.Version = 2 }), envelope.CodeVersion.Number},
		"no kind":                {altered(func() { tx.Kind = 0 }), envelope.CodeUnknownKind.Number},
		"unknown kind":           {altered(func() { tx.Kind = 999 }), envelope.CodeUnknownKind.Number},
		"unsigned":               {unsigned, envelope.CodeNoSigner.Number},
		"signer not allowed":     {signedProof, envelope.CodeSigner.Number},
		"signature alone":        {altered(func() { tx.Signer = nil }), envelope.CodeMalformed.Number},
		"short signer":           {altered(func() { tx.Signer = tx.Signer[:31] }), envelope.CodeMalformed.Number},
		"short signature":        {altered(func() { tx.Signature = tx.Signature[:63] }), envelope.CodeMalformed.Number},
		"altered body":           {altered(func() { tx.Body = body(id(1, 2)) }), envelope.CodeSignature.Number},
		"altered kind":           {altered(func() { tx.Kind = kindAppointment }), codeEarly.Number},
		"another's signature":    {altered(func() { k := key(2).Public(); tx.Signer = k[:] }), envelope.CodeSignature.Number},
		"signer of small order":  {altered(func() { tx.Signer, tx.Signature = smallOrder(), append(smallOrder(), make([]byte, 32)...) }), envelope.CodeSignature.Number},
		"malformed body":         {altered(func() { tx.Body = []byte{0xff} }), envelope.CodeMalformed.Number},
		"body without its field": {altered(func() { tx.Body = nil }), codeShape.Number},
	} {
		r := n.check(c.raw)
		if r.Code != c.want {
			t.Errorf("%s: code %d (%s), want %d", name, r.Code, r.Log, c.want)
		}
		refusal, err := n.app.CheckRaw(c.raw)
		if err != nil || refusal == nil || refusal.Code.Number != c.want || refusal.Field == "" || refusal.Reason == "" {
			t.Errorf("%s: in words: %v, %v", name, refusal, err)
		}
		if n.process(c.raw) {
			t.Errorf("%s: a block with it is accepted", name)
		}
	}
	if r := n.check(good); r.Code != 0 {
		t.Errorf("the good one: %s", r.Log)
	}
}

func TestSizeLimitIsExact(t *testing.T) {
	for extra, want := range map[int]uint32{-1: envelope.CodeMalformed.Number, 0: envelope.CodeMalformed.Number, 1: envelope.CodeTooLarge.Number} {
		n := startNode(t, vfs.NewMem(), trialRules(false))
		if r := n.check(bytes.Repeat([]byte{0xff}, envelope.MaxBytes+extra)); r.Code != want {
			t.Errorf("%+d bytes: code %d, want %d", extra, r.Code, want)
		}
		n.close()
	}
}

func TestViewProvesLogAndElections(t *testing.T) {
	n := startNode(t, vfs.NewMem(), trialRules(false))
	defer n.close()
	for i := range 10 {
		n.block(sorted(t, note(t, 100+i), proof(t, id(1, i)))...)
	}
	v := n.app.View()
	defer v.Close()
	leaves := v.Leaves()
	if leaves.AppHash() != v.AppHash || v.Height != 10 || leaves.LogSize != 10 {
		t.Fatalf("view stands at %d with %d logged", v.Height, leaves.LogSize)
	}
	tx, ok := v.TxByHash(envelope.Hash(proof(t, id(1, 3))))
	if !ok || tx.Height != 4 || !tx.Logged {
		t.Fatalf("transaction of height 4: %+v, %v", tx, ok)
	}
	p, err := v.LogInclusion(tx.LogIndex, leaves.LogSize)
	hash := envelope.Hash(proof(t, id(1, 3)))
	if err != nil || p.Verify(merkle.LeafHash(hash[:]), leaves.LogRoot) != nil {
		t.Fatalf("inclusion: %v", err)
	}
	if len(v.Elections()) == 0 {
		t.Fatal("no elections")
	}
	for _, e := range v.Elections() {
		s, err := v.Summary(e)
		if err != nil {
			t.Fatal(err)
		}
		if def, ok := s.Object("definition"); !ok || !bytes.Equal(def, e[:]) {
			t.Fatalf("definition %x", def)
		}
		proof, ok := v.ElectionProof(e)
		if !ok || merkle.VerifyNamed(leaves.Elections, hexOf(e), s.Root[:], proof) != nil {
			t.Fatal("the election's leaf is not proven")
		}
	}
	for h := int64(0); h <= 10; h++ {
		if r, ok := v.At(h); !ok || r.Height != h {
			t.Fatalf("no record of height %d", h)
		}
	}
	before, err := n.app.Proven(9)
	if err != nil || before.Height != 9 {
		t.Fatalf("height 9: %v", err)
	}
	before.Close()
	if _, err := n.app.Proven(8); err == nil {
		t.Fatal("height 8 is still whole")
	}
	if err := v.Audit(); err != nil {
		t.Fatal(err)
	}
}

func hexOf(id [32]byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range id {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
