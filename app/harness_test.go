package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/crypto/sign"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

const chainID = "app-test-0011223344556677"

var ctx = context.Background()

// A module of three kinds for trying the application: notes, which are signed
// and taken once each; proofs, which are unsigned and need cryptography;
// appointments, which may not come before their time. Besides offices, which are
// signed first, and quotas, of which a block takes two.
const (
	kindNote        = 1000
	kindProof       = 1001
	kindAppointment = 1002
	kindOffice      = 1003
	kindQuota       = 1004
)

var (
	codeTaken = ledger.NewCode("trial", 32000, "taken")
	codeEarly = ledger.NewCode("trial", 32001, "early")
	codeShape = ledger.NewCode("trial", 1, "shape")
	codeFalse = ledger.NewCode("trial", 2, "false")

	prefixNote   = ledger.NewPrefix(0xe0, "note of a test")
	prefixTick   = ledger.NewPrefix(0xe1, "counter of a test")
	prefixHeight = ledger.NewPrefix(0xe2, "height of a test")

	// opensMS is when appointments are taken.
	opensMS = startMS + 5_000
)

const startMS = int64(1_800_000_000_000)

// oddFact holds unless the id begins with 0xff; 0xfe makes it fail.
type oddFact struct{ id []byte }

func (f oddFact) Verify() error {
	if f.id[0] == 0xfe {
		panic("a fault in a check")
	}
	if f.id[0] == 0xff {
		return errors.New("begins with ff")
	}
	return nil
}

func r64(b []byte) uint64 {
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func trialModule(faulty bool) ledger.Module {
	decode := func(body []byte) (any, error) { return ledger.DecodeStrict[commissionv1.Approve](body, 100) }
	validate := func(_ ledger.Context, tx *ledger.Tx) error {
		if id := tx.Message.(*commissionv1.Approve).ProposalId; len(id) != 32 {
			return codeShape.Refuse("proposal_id", "%d bytes", len(id))
		}
		return nil
	}
	precheck := func(c ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
		id := tx.Message.(*commissionv1.Approve).ProposalId
		if id[0] == 0xee {
			panic("a fault in the module")
		}
		if r.Get(prefixNote.Key(id)) != nil {
			return ledger.Demands{}, codeTaken.Refuse("proposal_id", "%x", id[:4])
		}
		if tx.Kind == kindAppointment && c.TimeMS < opensMS {
			return ledger.Demands{}, codeEarly.Refuse("transaction", "opens at %d", opensMS)
		}
		d := ledger.Demands{Claims: []string{fmt.Sprintf("note:%x", id)}}
		if tx.Kind == kindQuota {
			d.Quotas = []ledger.Quota{{Name: "trial", Left: 2}}
		}
		if tx.Kind == kindProof {
			d.Checks = []ledger.Check{{Fact: oddFact{id}, Code: codeFalse, Field: "proposal_id"}}
		}
		return d, nil
	}
	execute := func(_ ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
		id := tx.Message.(*commissionv1.Approve).ProposalId
		if faulty && id[0] == 0xdc {
			panic("a fault in the execution")
		}
		if faulty && id[0] == 0xdd {
			return errors.New("does not execute what it prechecked")
		}
		w.Set(prefixNote.Key(id), tx.Hash[:])
		if tx.Kind == kindProof {
			w.AppendLog(tx.Hash)
		}
		election := sha256.Sum256(id[1:2])
		notes := r64(w.Get(prefixTick.Key(election[:]))) + 1
		w.Set(prefixTick.Key(election[:]), ledger.U64(notes))
		w.Touch(election)
		return nil
	}
	handler := func(kind uint32, name string, signed bool) ledger.Handler {
		return ledger.Handler{Kind: kind, Name: name, Signed: signed, MaxBytes: 100, Decode: decode, Validate: validate, Precheck: precheck, Execute: execute}
	}
	office := handler(kindOffice, "Office", true)
	office.SignedFirst = true
	return ledger.Module{
		Name: "trial",
		Handlers: []ledger.Handler{
			handler(kindNote, "Note", true), handler(kindProof, "Proof", false), handler(kindAppointment, "Appointment", true),
			office, handler(kindQuota, "Quota", true),
		},
		BeginBlock: func(c ledger.Context, w ledger.Writer) {
			w.Set(prefixHeight.Key(), ledger.U64(uint64(c.Height)))
		},
		Summary: func(r ledger.Reader, election [32]byte) []ledger.Object {
			return []ledger.Object{{Name: "definition", Bytes: election[:]}, {Name: "tick", Bytes: r.Get(prefixTick.Key(election[:]))}}
		},
	}
}

func trialRules(faulty bool) app.Rules {
	return app.Rules{
		Modules: []ledger.Module{trialModule(faulty)},
		Genesis: func(w ledger.Writer, _ *genesis.State) error {
			w.Set(prefixHeight.Key(), ledger.U64(1))
			return nil
		},
	}
}

// trialGenesis has one member, with key(1).
func trialGenesis() string {
	k := key(1).Public()
	return fmt.Sprintf(`{"rehearsal":true,"rules":1,"commission":{"quorum":1,"members":[{"name":"A","role":"chair","key":"%x"}]}}`, k[:])
}

// node drives an application as the engine does.
type node struct {
	t      testing.TB
	app    *app.App
	fs     vfs.FS
	height int64
	timeMS int64
}

func startNode(t testing.TB, fs vfs.FS, rules app.Rules) *node {
	t.Helper()
	n := openNode(t, fs, rules)
	n.initChain(trialGenesis())
	return n
}

func openNode(t testing.TB, fs vfs.FS, rules app.Rules) *node {
	t.Helper()
	a, err := app.NewWith(app.Config{Dir: "data", FS: fs, ChainID: chainID, Workers: 2, CacheBytes: 1 << 20}, rules)
	if err != nil {
		t.Fatal(err)
	}
	info, err := a.Info(ctx, &abci.RequestInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return &node{t: t, app: a, fs: fs, height: info.LastBlockHeight, timeMS: startMS + 1000*info.LastBlockHeight}
}

func (n *node) initChain(state string) {
	n.t.Helper()
	_, err := n.app.InitChain(ctx, &abci.RequestInitChain{ChainId: chainID, Time: time.UnixMilli(startMS), AppStateBytes: []byte(state), InitialHeight: 1})
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) close() {
	n.t.Helper()
	if err := n.app.Close(); err != nil {
		n.t.Fatal(err)
	}
}

// restart opens the application anew, without its memory.
func (n *node) restart(rules app.Rules) {
	n.t.Helper()
	n.close()
	n.app = openNode(n.t, n.fs, rules).app
}

func (n *node) next() (int64, time.Time) { return n.height + 1, time.UnixMilli(n.timeMS + 1000) }

func (n *node) prepare(candidates ...[]byte) [][]byte {
	n.t.Helper()
	h, at := n.next()
	r, err := n.app.PrepareProposal(ctx, &abci.RequestPrepareProposal{Txs: candidates, MaxTxBytes: 1 << 20, Height: h, Time: at})
	if err != nil {
		n.t.Fatal(err)
	}
	return r.Txs
}

func (n *node) process(txs ...[]byte) bool {
	n.t.Helper()
	h, at := n.next()
	r, err := n.app.ProcessProposal(ctx, &abci.RequestProcessProposal{Txs: txs, Height: h, Time: at})
	if err != nil {
		n.t.Fatal(err)
	}
	return r.IsAccepted()
}

func (n *node) finalize(txs ...[]byte) (*abci.ResponseFinalizeBlock, error) {
	h, at := n.next()
	return n.app.FinalizeBlock(ctx, &abci.RequestFinalizeBlock{Txs: txs, Height: h, Time: at, Hash: []byte{byte(h)}})
}

func (n *node) commit() {
	n.t.Helper()
	if _, err := n.app.Commit(ctx, &abci.RequestCommit{}); err != nil {
		n.t.Fatal(err)
	}
	n.height++
	n.timeMS += 1000
}

// block finalizes and commits a block that must be right.
func (n *node) block(txs ...[]byte) *abci.ResponseFinalizeBlock {
	n.t.Helper()
	r, err := n.finalize(txs...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.commit()
	return r
}

// check says what would become of a transaction, in the form of the engine.
func (n *node) check(raw []byte) *abci.ResponseCheckTx {
	n.t.Helper()
	r, err := checked(n.app, raw)
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

func checked(a *app.App, raw []byte) (*abci.ResponseCheckTx, error) {
	refusal, err := a.CheckRaw(raw)
	if err != nil || refusal == nil {
		return &abci.ResponseCheckTx{}, err
	}
	return &abci.ResponseCheckTx{Code: refusal.Code.Number, Codespace: refusal.Code.Module, Log: refusal.Error()}, nil
}

func (n *node) appHash() []byte {
	v := n.app.View()
	defer v.Close()
	return v.AppHash[:]
}

func key(i int) sign.PrivateKey { return sign.NewPrivateKey(sha256.Sum256([]byte{byte(i)})) }

func body(id [32]byte) []byte {
	return ledger.MustEncode(&commissionv1.Approve{ProposalId: id[:]})
}

// id of a note whose first byte is given: some first bytes mean trouble.
func id(first byte, i int) [32]byte {
	h := sha256.Sum256(fmt.Appendf(nil, "id %d", i))
	h[0] = first
	return h
}

func signed(t testing.TB, kind uint32, id [32]byte) []byte {
	t.Helper()
	raw, err := envelope.Encode(chainID, kind, body(id), key(1))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func note(t testing.TB, i int) []byte { return signed(t, kindNote, id(1, i)) }

func proof(t testing.TB, id [32]byte) []byte {
	t.Helper()
	raw, err := envelope.EncodeUnsigned(chainID, kindProof, body(id))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sorted puts transactions in the order of blocks.
func sorted(t testing.TB, raws ...[]byte) [][]byte {
	t.Helper()
	type entry struct {
		kind uint32
		hash [32]byte
		raw  []byte
	}
	var es []entry
	for _, raw := range raws {
		tx, err := envelope.Decode(raw, chainID)
		if err != nil {
			t.Fatal(err)
		}
		es = append(es, entry{tx.Kind, envelope.Hash(raw), raw})
	}
	for i := range es {
		for j := i; j > 0 && (es[j].kind < es[j-1].kind || es[j].kind == es[j-1].kind && bytes.Compare(es[j].hash[:], es[j-1].hash[:]) < 0); j-- {
			es[j], es[j-1] = es[j-1], es[j]
		}
	}
	out := make([][]byte, len(es))
	for i := range es {
		out[i] = es[i].raw
	}
	return out
}
