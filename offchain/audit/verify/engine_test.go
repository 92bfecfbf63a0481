package verify_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/chainid"
)

// spec is a block before anybody signed it.
type spec struct {
	at time.Time
	// app and results are the header's: of the state before the block.
	app, results []byte
	txs          [][]byte
}

// engine runs the application and signs blocks, with the engine's own types.
type engine struct {
	t       testing.TB
	keys    []ed25519.PrivKey
	set     *types.ValidatorSet
	params  *types.ConsensusParams
	genesis []byte
	chainID string
	app     *app.App
	specs   []spec
	last    time.Time
	// app and results as of the last block.
	appHash, results []byte
	// sloppy is a height whose commit has too few signatures.
	sloppy int64
}

var start = time.UnixMilli(1_800_000_000_000).UTC()

func newEngine(t testing.TB, appState string) *engine {
	t.Helper()
	e := &engine{t: t, params: types.DefaultConsensusParams(), last: start}
	doc := types.GenesisDoc{GenesisTime: start, ChainID: "none", InitialHeight: 1, ConsensusParams: e.params, AppState: json.RawMessage(appState)}
	byAddress := map[string]ed25519.PrivKey{}
	var vals []*types.Validator
	for range 3 {
		k := ed25519.GenPrivKey()
		v := types.NewValidator(k.PubKey(), 10)
		byAddress[string(v.Address)] = k
		vals = append(vals, v)
		doc.Validators = append(doc.Validators, types.GenesisValidator{Address: v.Address, PubKey: v.PubKey, Power: 10})
	}
	e.set = types.NewValidatorSet(vals)
	for _, v := range e.set.Validators {
		e.keys = append(e.keys, byAddress[string(v.Address)])
	}
	file := filepath.Join(t.TempDir(), "genesis.json")
	save := func() []byte {
		e.ok(doc.SaveAs(file))
		b, err := os.ReadFile(file)
		e.ok(err)
		return b
	}
	var err error
	e.chainID, err = chainid.Make("urna-audit", save())
	e.ok(err)
	doc.ChainID = e.chainID
	e.genesis = save()
	e.app, err = app.New(app.Config{Dir: "data", FS: vfs.NewMem(), ChainID: e.chainID, Workers: 2, CacheBytes: 1 << 20})
	e.ok(err)
	t.Cleanup(func() { _ = e.app.Close() })
	init, err := e.app.InitChain(context.Background(), &abci.RequestInitChain{
		ChainId: e.chainID, Time: start, AppStateBytes: []byte(appState), InitialHeight: 1})
	e.ok(err)
	e.appHash = init.AppHash
	e.results = types.NewResults(nil).Hash()
	return e
}

func (e *engine) ok(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// block makes a block of the candidates that are right, so long after the last.
func (e *engine) block(step time.Duration, candidates ...[]byte) [][]byte {
	e.t.Helper()
	at := e.last
	if len(e.specs) > 0 {
		at = at.Add(step)
	}
	height := int64(len(e.specs) + 1)
	p, err := e.app.PrepareProposal(context.Background(), &abci.RequestPrepareProposal{Txs: candidates, MaxTxBytes: 8 << 20, Height: height, Time: at})
	e.ok(err)
	f, err := e.app.FinalizeBlock(context.Background(), &abci.RequestFinalizeBlock{Txs: p.Txs, Height: height, Time: at, Hash: fmt.Append(nil, height)})
	e.ok(err)
	_, err = e.app.Commit(context.Background(), &abci.RequestCommit{})
	e.ok(err)
	e.specs = append(e.specs, spec{at: at, app: e.appHash, results: e.results, txs: p.Txs})
	e.appHash, e.results, e.last = f.AppHash, types.NewResults(f.TxResults).Hash(), at
	return p.Txs
}

func (e *engine) now() int64 { return e.last.UnixMilli() }

// sealed is a chain of signed blocks.
type sealed struct {
	e       *engine
	blocks  []*cmtproto.Block
	commits []*cmtproto.Commit
}

// seal signs a chain: all validators sign whatever it says.
func (e *engine) seal(specs []spec) *sealed {
	e.t.Helper()
	s := &sealed{e: e}
	last := &types.Commit{}
	var lastID types.BlockID
	for i, sp := range specs {
		b := types.MakeBlock(int64(i+1), toTxs(sp.txs), last, nil)
		b.Header.Populate(cmtversion.Consensus{Block: 11, App: 1}, e.chainID, sp.at, lastID,
			e.set.Hash(), e.set.Hash(), e.params.Hash(), sp.app, sp.results, e.set.Validators[0].Address)
		parts, err := b.MakePartSet(types.BlockPartSizeBytes)
		e.ok(err)
		lastID = types.BlockID{Hash: b.Hash(), PartSetHeader: parts.Header()}
		next := sp.at.Add(time.Second)
		if i+1 < len(specs) {
			next = specs[i+1].at
		}
		last = e.commit(int64(i+1), lastID, next)
		pb, err := b.ToProto()
		e.ok(err)
		s.blocks = append(s.blocks, pb)
		s.commits = append(s.commits, last.ToProto())
	}
	return s
}

func (e *engine) commit(height int64, id types.BlockID, at time.Time) *types.Commit {
	e.t.Helper()
	c := &types.Commit{Height: height, BlockID: id}
	for i, k := range e.keys {
		v := types.Vote{Type: cmtproto.PrecommitType, Height: height, BlockID: id, Timestamp: at,
			ValidatorAddress: e.set.Validators[i].Address, ValidatorIndex: int32(i)}
		if height == e.sloppy && i == 0 {
			c.Signatures = append(c.Signatures, types.NewCommitSigAbsent())
			continue
		}
		sig, err := k.Sign(types.VoteSignBytes(e.chainID, v.ToProto()))
		e.ok(err)
		c.Signatures = append(c.Signatures, types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.ValidatorAddress, Timestamp: at, Signature: sig})
	}
	return c
}

func toTxs(raws [][]byte) []types.Tx {
	out := make([]types.Tx, len(raws))
	for i, r := range raws {
		out[i] = r
	}
	return out
}

// Status, Blocks, CommitAt, Elections and ProvenRaw make a chain a source of
// records. Its summaries are those of the honest application.

func (s *sealed) Status(context.Context) (*api.Status, error) {
	return &api.Status{ChainID: s.e.chainID, Height: int64(len(s.blocks))}, nil
}

func (s *sealed) Blocks(_ context.Context, from, to int64) ([][]byte, error) {
	var out [][]byte
	for h := from; h <= min(to, int64(len(s.blocks)), from+39); h++ {
		b, err := s.blocks[h-1].Marshal()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func (s *sealed) CommitAt(_ context.Context, height int64) ([]byte, error) {
	return s.commits[height-1].Marshal()
}

func (s *sealed) Elections(context.Context) ([]api.Election, error) {
	v := s.e.app.View()
	defer v.Close()
	var out []api.Election
	for _, id := range v.Elections() {
		out = append(out, api.Election{ID: id[:]})
	}
	return out, nil
}

func (s *sealed) ProvenRaw(_ context.Context, id [32]byte, _ ...string) (*chain.Proven, *api.Proven, error) {
	height := int64(len(s.blocks)) - 1
	v, err := s.e.app.Proven(height)
	if err != nil {
		return nil, nil, err
	}
	defer v.Close()
	l := v.Leaves()
	p := &api.Proven{Leaves: api.AppLeaves{LogSize: l.LogSize, LogRoot: l.LogRoot[:], StateDigest: l.State[:], ElectionsRoot: l.Elections[:], Rules: l.Rules, TimeMS: l.TimeMS}}
	p.Head.Height = height
	if p.Head.Header, err = s.blocks[height].Header.Marshal(); err != nil {
		return nil, nil, err
	}
	if p.Head.Commit, err = s.commits[height].Marshal(); err != nil {
		return nil, nil, err
	}
	proof, ok := v.ElectionProof(id)
	if !ok {
		return nil, nil, fmt.Errorf("no election %x", id)
	}
	p.ElectionProof = api.NamedProof{Index: proof.Index, Size: proof.Size, Hashes: hexes(proof.Path)}
	summary, err := v.Summary(id)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range summary.Objects {
		sum := record.SHA256(o.Bytes)
		p.Fields = append(p.Fields, api.Field{Name: o.Name, SHA256: sum[:]})
		p.Objects = append(p.Objects, api.Object{Name: o.Name, Bytes: o.Bytes})
	}
	trust, err := chain.ParseTrust(s.e.genesis)
	if err != nil {
		return nil, nil, err
	}
	checked, err := trust.VerifyProven(id, p)
	return checked, p, err
}

func hexes(hs []merkle.Hash) []api.Hex {
	var out []api.Hex
	for _, h := range hs {
		out = append(out, append(api.Hex(nil), h[:]...))
	}
	return out
}

// fetch writes a chain's record into a directory.
func (s *sealed) fetch(dir string) *record.Record {
	s.e.t.Helper()
	rec, err := record.Fetch(context.Background(), record.Request{Source: s, Genesis: s.e.genesis, Dir: dir})
	s.e.ok(err)
	return rec
}

// audit verifies a forged or honest chain.
func (e *engine) audit(specs []spec) *verify.Report {
	e.t.Helper()
	return runBoth(e.t, e.seal(specs).fetch(e.t.TempDir()), verify.Options{Workers: 2})
}

// forged copies the honest chain for altering.
func (e *engine) forged() []spec {
	specs := slices.Clone(e.specs)
	for i := range specs {
		specs[i].txs = slices.Clone(specs[i].txs)
	}
	return specs
}

// with adds a transaction to a block where it belongs in its order.
func with(t testing.TB, sp spec, raw []byte) spec {
	t.Helper()
	txs := append(slices.Clone(sp.txs), raw)
	slices.SortFunc(txs, func(a, b []byte) int {
		ka, kb := kindOf(t, a), kindOf(t, b)
		if ka != kb {
			return int(ka) - int(kb)
		}
		ha, hb := record.SHA256(a), record.SHA256(b)
		return bytes.Compare(ha[:], hb[:])
	})
	sp.txs = txs
	return sp
}

// wants fails unless a finding has the code.
func wants(t testing.TB, r *verify.Report, code string) {
	t.Helper()
	if r.OK() {
		t.Fatalf("the record verifies; want %s", code)
	}
	for _, f := range r.Findings {
		if f.Code == code {
			return
		}
	}
	t.Fatalf("no finding %s in\n%v", code, r.Findings)
}

// write writes a record as no honest program would: unchecked.
func (s *sealed) write(t testing.TB) *record.Record {
	t.Helper()
	dir := t.TempDir()
	m := record.Manifest{Format: record.Format, ChainID: s.e.chainID, First: 1, Last: int64(len(s.blocks))}
	put := func(name string, b []byte) {
		file := filepath.Join(dir, name)
		s.e.ok(os.MkdirAll(filepath.Dir(file), 0o755))
		s.e.ok(os.WriteFile(file, b, 0o644))
		sum := record.SHA256(b)
		m.Files = append(m.Files, record.File{Name: name, Size: int64(len(b)), SHA256: sum[:]})
	}
	var blocks []byte
	for _, block := range s.blocks {
		b, err := block.Marshal()
		s.e.ok(err)
		blocks = append(binary.AppendUvarint(blocks, uint64(len(b))), b...)
	}
	put("blocks/0000000001.blocks", blocks)
	put("genesis.json", s.e.genesis)
	commit, err := s.commits[len(s.commits)-1].Marshal()
	s.e.ok(err)
	put("head.commit", commit)
	b, err := json.Marshal(m)
	s.e.ok(err)
	s.e.ok(os.WriteFile(filepath.Join(dir, "manifest.json"), b, 0o644))
	rec, err := record.Open(dir)
	s.e.ok(err)
	return rec
}
