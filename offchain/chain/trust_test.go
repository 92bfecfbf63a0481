package chain_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/chainid"
)

const appState = `{"rehearsal":true,"rules":1,"commission":{"quorum":1,"members":[{"name":"A","role":"chair","key":"` +
	`0000000000000000000000000000000000000000000000000000000000000001"}]}}`

// genesisOf writes a genesis with the engine's own code.
func genesisOf(t testing.TB, n *network) []byte {
	t.Helper()
	doc := types.GenesisDoc{
		GenesisTime: time.Unix(1700000000, 0).UTC(), ChainID: "none", InitialHeight: 1,
		ConsensusParams: types.DefaultConsensusParams(), AppState: json.RawMessage(appState),
	}
	for _, v := range n.set.Validators {
		doc.Validators = append(doc.Validators, types.GenesisValidator{Address: v.Address, PubKey: v.PubKey, Power: v.VotingPower, Name: "v"})
	}
	file := t.TempDir() + "/genesis.json"
	write := func() []byte {
		if err := doc.SaveAs(file); err != nil {
			t.Fatal(err)
		}
		return mustRead(t, file)
	}
	id, err := chainid.Make("urna-test", write())
	if err != nil {
		t.Fatal(err)
	}
	doc.ChainID = id
	return write()
}

func TestGenesisIsReadAsTheEngineWritesIt(t *testing.T) {
	n := newNetwork(t, 10, 20, 30)
	b := genesisOf(t, n)
	g, err := chain.ParseGenesis(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Validators.Hash(); !bytes.Equal(got[:], n.set.Hash()) {
		t.Errorf("validators %x, want %x", got, n.set.Hash())
	}
	if want := types.DefaultConsensusParams().Hash(); !bytes.Equal(g.ConsensusHash[:], want) {
		t.Errorf("consensus hash %x, want %x", g.ConsensusHash, want)
	}
	if !g.State.Rehearsal || g.State.Commission.Quorum != 1 || g.State.Commission.Members[0].Name != "A" || g.InitialHeight != 1 {
		t.Errorf("state %+v", g.State)
	}
	for name, bad := range map[string]string{
		"rehearsal altered": strings.Replace(string(b), `"rehearsal": true`, `"rehearsal": false`, 1),
		"power altered":     strings.Replace(string(b), `"power": "20"`, `"power": "21"`, 1),
		"empty":             "",
		"truncated":         string(b[:len(b)-3]),
	} {
		if bad == string(b) {
			t.Fatalf("%s: nothing was altered", name)
		}
		if _, err := chain.ParseGenesis([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// world is a chain of one state with one election.
type world struct {
	n        *network
	trust    *chain.Trust
	election [32]byte
	proven   api.Proven
	receipt  api.Receipt
}

func newWorld(t testing.TB, more ...api.Object) *world {
	t.Helper()
	n := newNetwork(t, 1, 1, 1, 1)
	trust, err := chain.ParseTrust(genesisOf(t, n))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{n: n, trust: trust, election: [32]byte{7}}
	objects := append([]api.Object{{Name: "definition", Bytes: []byte("d")}}, more...)
	objects = append(objects, api.Object{Name: "zone/0", Bytes: []byte("z")})
	var fields []merkle.Field
	for _, o := range objects {
		h := sha256.Sum256(o.Bytes)
		w.proven.Fields = append(w.proven.Fields, api.Field{Name: o.Name, SHA256: h[:]})
		fields = append(fields, merkle.Field{Name: o.Name, Value: h[:]})
	}
	leaf, err := merkle.Named(fields)
	if err != nil {
		t.Fatal(err)
	}
	leafRoot := leaf.Root()
	elections, err := merkle.Named([]merkle.Field{
		{Name: hex.EncodeToString(w.election[:]), Value: leafRoot[:]}, {Name: strings.Repeat("a", 64), Value: leafRoot[:]},
	})
	if err != nil {
		t.Fatal(err)
	}
	path, err := elections.Prove(hex.EncodeToString(w.election[:]))
	if err != nil {
		t.Fatal(err)
	}
	log := new(merkle.Tree)
	hash := sha256.Sum256([]byte("tx 3"))
	for _, tx := range []string{"tx 1", "tx 2", "tx 3", "tx 4", "tx 5"} {
		h := sha256.Sum256([]byte(tx))
		if err := log.Append(merkle.LeafHash(h[:])); err != nil {
			t.Fatal(err)
		}
	}
	inc, err := log.Inclusion(2)
	if err != nil {
		t.Fatal(err)
	}
	electionsRoot, logRoot := elections.Root(), log.Root()
	w.proven.Leaves = api.AppLeaves{LogSize: 5, LogRoot: logRoot[:], StateDigest: make([]byte, 32), ElectionsRoot: electionsRoot[:], Rules: 1, TimeMS: 1234}
	w.proven.ElectionProof = api.NamedProof{Index: path.Index, Size: path.Size, Hashes: hexes(path.Path)}
	w.proven.Objects = objects
	w.proven.Head = w.head(t, 41, w.proven.Leaves)
	w.receipt = api.Receipt{ChainID: trust.ChainID(), TxHash: hash[:], LogIndex: 2, Inclusion: hexes(inc.Path), Leaves: w.proven.Leaves, Head: w.proven.Head}
	return w
}

func (w *world) head(t testing.TB, height int64, l api.AppLeaves) api.Head {
	t.Helper()
	app, err := chain.AppHash(l)
	if err != nil {
		t.Fatal(err)
	}
	h := randomHeader(w.trust.ChainID())
	h.Height, h.AppHash = height+1, app[:]
	h.ValidatorsHash, h.NextValidatorsHash = w.n.set.Hash(), w.n.set.Hash()
	id := randomID()
	id.Hash = h.Hash()
	all := []types.BlockIDFlag{types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagAbsent}
	hb, err := h.ToProto().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	cb, err := w.n.commit(w.trust.ChainID(), h.Height, 2, id, all).ToProto().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return api.Head{Height: height, Header: hb, Commit: cb}
}

func hexes(hs []merkle.Hash) []api.Hex {
	var out []api.Hex
	for _, h := range hs {
		out = append(out, append(api.Hex(nil), h[:]...))
	}
	return out
}

func clone[T any](t *testing.T, v T) T {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestProvenObjectsAreAcceptedAndEveryAlterationRefused(t *testing.T) {
	w := newWorld(t)
	p, err := w.trust.VerifyProven(w.election, &w.proven)
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := p.Object("zone/0"); !ok || string(b) != "z" || p.Head.Height != 41 || len(p.Names()) != 2 {
		t.Fatalf("%q %v %d", b, ok, p.Head.Height)
	}
	for name, alter := range map[string]func(p *api.Proven){
		"object":              func(p *api.Proven) { p.Objects[0].Bytes[0] ^= 1 },
		"object twice":        func(p *api.Proven) { p.Objects[1] = p.Objects[0] },
		"object renamed":      func(p *api.Proven) { p.Objects[0].Name = "zone/0" },
		"object unknown":      func(p *api.Proven) { p.Objects[0].Name = "key/0" },
		"field left out":      func(p *api.Proven) { p.Fields = p.Fields[:1]; p.Objects = p.Objects[:1] },
		"no fields":           func(p *api.Proven) { p.Fields, p.Objects = nil, nil },
		"fields out of order": func(p *api.Proven) { p.Fields[0], p.Fields[1] = p.Fields[1], p.Fields[0] },
		"field short":         func(p *api.Proven) { p.Fields[0].SHA256 = p.Fields[0].SHA256[:31] },
		"path":                func(p *api.Proven) { p.ElectionProof.Hashes[0][0] ^= 1 },
		"path short":          func(p *api.Proven) { p.ElectionProof.Hashes = nil },
		"index":               func(p *api.Proven) { p.ElectionProof.Index ^= 1 },
		"time":                func(p *api.Proven) { p.Leaves.TimeMS++ },
		"rules":               func(p *api.Proven) { p.Leaves.Rules++ },
		"state digest":        func(p *api.Proven) { p.Leaves.StateDigest[3] ^= 1 },
		"state digest short":  func(p *api.Proven) { p.Leaves.StateDigest = p.Leaves.StateDigest[1:] },
		"elections root":      func(p *api.Proven) { p.Leaves.ElectionsRoot[3] ^= 1 },
		"log size":            func(p *api.Proven) { p.Leaves.LogSize++ },
		"height":              func(p *api.Proven) { p.Head.Height++ },
		"header":              func(p *api.Proven) { p.Head.Header[len(p.Head.Header)-1] ^= 1 },
		"no header":           func(p *api.Proven) { p.Head.Header = nil },
		"commit":              func(p *api.Proven) { p.Head.Commit[len(p.Head.Commit)/2] ^= 1 },
		"no commit":           func(p *api.Proven) { p.Head.Commit = nil },
		"other header":        func(p *api.Proven) { p.Head.Header = w.head(t, 41, p.Leaves).Header },
	} {
		bad := clone(t, w.proven)
		alter(&bad)
		if _, err := w.trust.VerifyProven(w.election, &bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := w.trust.VerifyProven([32]byte{8}, &w.proven); err == nil {
		t.Error("proof of another election accepted")
	}
	if _, err := newWorld(t).trust.VerifyProven(w.election, &w.proven); err == nil {
		t.Error("proof of another chain accepted")
	}
}

func TestReceiptsAreAcceptedAndEveryAlterationRefused(t *testing.T) {
	w := newWorld(t)
	if head, err := w.trust.VerifyReceipt(&w.receipt); err != nil || head.Height != 41 {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(r *api.Receipt){
		"chain":        func(r *api.Receipt) { r.ChainID += "x" },
		"transaction":  func(r *api.Receipt) { r.TxHash[0] ^= 1 },
		"short hash":   func(r *api.Receipt) { r.TxHash = r.TxHash[:31] },
		"index":        func(r *api.Receipt) { r.LogIndex++ },
		"path":         func(r *api.Receipt) { r.Inclusion[0][0] ^= 1 },
		"path longer":  func(r *api.Receipt) { r.Inclusion = append(r.Inclusion, r.Inclusion[0]) },
		"path shorter": func(r *api.Receipt) { r.Inclusion = r.Inclusion[1:] },
		"log root":     func(r *api.Receipt) { r.Leaves.LogRoot[0] ^= 1 },
		"log size":     func(r *api.Receipt) { r.Leaves.LogSize-- },
		"height":       func(r *api.Receipt) { r.Head.Height-- },
	} {
		bad := clone(t, w.receipt)
		alter(&bad)
		if _, err := w.trust.VerifyReceipt(&bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestValidatorsAreFollowedOnlyWhereATrustedHeaderNamesThem(t *testing.T) {
	w := newWorld(t)
	head, err := w.trust.VerifyHead(w.proven.Head)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.trust.Follow(head, w.n.ours); err != nil {
		t.Error(err)
	}
	if _, err := w.trust.Follow(head, newNetwork(t, 1).ours); err == nil {
		t.Error("a set that the header does not name is trusted")
	}
}
func mustRead(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
