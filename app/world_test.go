package app_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/threshold"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// recordedBlock is what a world recorded: candidates as they came, with the verdict of
// CheckTx on each before the block, and the block that was made of them.
type recordedBlock struct {
	TimeMS     int64
	Candidates [][]byte
	Verdicts   []string
	Txs        [][]byte
	AppHash    []byte
	Results    [][]byte
}

// world is a chain with an election on it and everybody who takes part, over
// the real modules.
type world struct {
	t       testing.TB
	n       *node
	k       *app.Keepers
	members []sign.PrivateKey
	quorum  int
	nonce   uint64
	blocks  []recordedBlock
	record  bool
	// noise adds candidates, good and bad, to every block.
	noise func() [][]byte

	def      *electionv1.Definition
	id       [32]byte
	trustees []*trustee
	issuers  []sign.PrivateKey
	// tokens by class and issuer
	tokenKeys [][]*blindtoken.PrivateKey
	entries   [][][]byte // by style
}

type trustee struct {
	key     sign.PrivateKey
	seed    *threshold.Seed
	seal    *sealbox.PrivateKey
	index   int // in the ceremony, from 1
	dealing *threshold.Dealing
	deal    *threshold.Deal
	share   *threshold.KeyShare
}

const (
	worldQuorum  = 3
	worldMembers = 4
)

func worldKey(role string, i int) sign.PrivateKey {
	return sign.NewPrivateKey(sha256.Sum256(fmt.Appendf(nil, "%s %d", role, i)))
}

func worldGenesis() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"rehearsal":true,"rules":1,"commission":{"quorum":%d,"members":[`, worldQuorum)
	for i := range worldMembers {
		if i > 0 {
			b.WriteByte(',')
		}
		k := worldKey("member", i).Public()
		fmt.Fprintf(&b, `{"name":"Member %d","role":"member","key":"%x"}`, i, k[:])
	}
	b.WriteString(`]}}`)
	return b.String()
}

func newWorld(t testing.TB, record bool) *world {
	t.Helper()
	w := &world{t: t, k: app.NewKeepers(), quorum: worldQuorum, record: record}
	for i := range worldMembers {
		w.members = append(w.members, worldKey("member", i))
	}
	rules := w.k.Rules()
	if !record {
		leaveMessagesAlone(t, rules.Modules)
	}
	w.n = openNode(t, vfs.NewMem(), rules)
	w.n.initChain(worldGenesis())
	return w
}

// leaveMessagesAlone makes every handler show that it does not change the
// message it is given: the application keeps it for the next step.
func leaveMessagesAlone(t testing.TB, modules []ledger.Module) {
	for _, m := range modules {
		for i := range m.Handlers {
			h := m.Handlers[i]
			same := func(tx *ledger.Tx) {
				envelope, err := envelope.Decode(tx.Raw, chainID)
				if err != nil {
					panic(err)
				}
				fresh, err := h.Decode(envelope.Body)
				if f, ok := fresh.(*ballot.Cast); ok { // it decodes its points at first use
					if err != nil || !reflect.DeepEqual(f.Message, tx.Message.(*ballot.Cast).Message) {
						t.Errorf("%s changes its message", h.Name)
					}
				} else if err != nil || !reflect.DeepEqual(fresh, tx.Message) {
					t.Errorf("%s changes its message", h.Name)
				}
			}
			m.Handlers[i].Precheck = func(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
				defer same(tx)
				return h.Precheck(ctx, r, tx)
			}
			m.Handlers[i].Execute = func(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
				defer same(tx)
				return h.Execute(ctx, w, tx)
			}
		}
	}
}

// block makes a block stepMS later of the candidates that are right and returns
// how many these were.
func (w *world) block(stepMS int64, candidates ...[]byte) int {
	w.t.Helper()
	w.n.timeMS += stepMS - 1000
	all := candidates
	if w.noise != nil {
		all = append(slices.Clone(candidates), w.noise()...)
	}
	rec := recordedBlock{Candidates: all}
	if w.record {
		rec.Verdicts = verdicts(w.t, w.n.app, all)
	}
	h, at := w.n.next()
	r, err := w.n.app.PrepareProposal(ctx, &abci.RequestPrepareProposal{Txs: all, MaxTxBytes: roomOfBlocks, Height: h, Time: at})
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := w.n.finalize(r.Txs...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.n.commit()
	w.wantSummariesRight()
	if w.record {
		rec.TimeMS, rec.Txs, rec.AppHash = at.UnixMilli(), r.Txs, f.AppHash
		for _, res := range f.TxResults {
			b, err := res.Marshal()
			if err != nil {
				w.t.Fatal(err)
			}
			rec.Results = append(rec.Results, b)
		}
		w.blocks = append(w.blocks, rec)
	}
	in := 0
	for _, raw := range candidates {
		if slices.ContainsFunc(r.Txs, func(tx []byte) bool { return bytes.Equal(tx, raw) }) {
			in++
		}
	}
	return in
}

const roomOfBlocks = 8 << 20

// wantSummariesRight: no module changed an object of a summary without a word.
func (w *world) wantSummariesRight() {
	w.t.Helper()
	v := w.n.app.View()
	defer v.Close()
	for _, id := range v.Elections() {
		if _, err := v.Summary(id); err != nil {
			w.t.Fatal(err)
		}
	}
}

// verdicts are what a node says of transactions, as codespace and code.
func verdicts(t testing.TB, a *app.App, raws [][]byte) []string {
	t.Helper()
	out := make([]string, len(raws))
	for i, raw := range raws {
		r, err := checked(a, raw)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = fmt.Sprintf("%s/%d", r.Codespace, r.Code)
	}
	return out
}

// must makes a block in which every transaction has to be.
func (w *world) must(candidates ...[]byte) {
	w.t.Helper()
	for i, raw := range candidates {
		if r := w.n.check(raw); r.Code != 0 {
			w.t.Fatalf("transaction %d: %s", i, r.Log)
		}
	}
	if got := w.block(1000, candidates...); got != len(candidates) {
		w.t.Fatalf("%d of %d transactions are in the block", got, len(candidates))
	}
}

// until makes empty blocks until the condition holds.
func (w *world) until(what string, holds func(r ledger.Reader) bool) {
	w.t.Helper()
	for range 200 {
		v := w.n.app.View()
		ok := holds(v.Reader())
		v.Close()
		if ok {
			return
		}
		w.block(30_000)
	}
	w.t.Fatalf("%s: not within 200 blocks", what)
}

func (w *world) phase() electionv1.Phase {
	v := w.n.app.View()
	defer v.Close()
	z, _ := w.k.Election.Zone(v.Reader(), w.id, 0)
	return z.Phase
}

func (w *world) untilPhase(p electionv1.Phase) {
	w.t.Helper()
	w.until(p.String(), func(r ledger.Reader) bool {
		z, _ := w.k.Election.Zone(r, w.id, 0)
		return z.Phase == p
	})
}

func (w *world) proposal(action commissionv1.Action, act ledger.Wire) *commissionv1.Proposal {
	w.nonce++
	nonce := sha256.Sum256(ledger.U64(w.nonce))
	return &commissionv1.Proposal{Action: uint32(action), Body: ledger.MustEncode(act), ExpiresMs: w.n.timeMS + 10*24*3600_000, Nonce: nonce[:16]}
}

// act carries an act of the commission through to its quorum.
func (w *world) act(action commissionv1.Action, act ledger.Wire) {
	w.t.Helper()
	p := w.proposal(action, act)
	id := commission.ProposalID(chainID, p)
	w.must(w.sign(txv1.Kind_KIND_PROPOSE, &commissionv1.Propose{Proposal: p}, w.members[0]))
	for i := 1; i < w.quorum; i++ {
		w.must(w.sign(txv1.Kind_KIND_APPROVE, &commissionv1.Approve{ProposalId: id[:]}, w.members[i]))
	}
}

func text(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "en", Text: s}} }

func options(n int) []*electionv1.Option {
	var out []*electionv1.Option
	for i := range n {
		out = append(out, &electionv1.Option{Title: text(fmt.Sprintf("Option %d", i+1))})
	}
	return out
}

// create makes an election of two contests, two styles and classes, a panel of
// two issuers, three trustees of whom two decrypt.
func (w *world) create() {
	w.t.Helper()
	start := w.n.timeMS
	nonce := sha256.Sum256([]byte("nonce"))
	w.def = &electionv1.Definition{
		Title: text("Election"),
		Contests: []*electionv1.Contest{
			{Title: text("One of two"), Options: options(2), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1},
			{Title: text("Up to two of three"), Options: options(3), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 0, Max: 2, FirstSlot: 3},
		},
		Groups: []*electionv1.CountingGroup{{Title: text("North")}, {Title: text("South")}},
		Zones: []*electionv1.Zone{{
			Title: text("Zone"), CeremonyOpensMs: start + 60_000, IssuingOpensMs: start + 600_000,
			VotingOpensMs: start + 1_200_000, ClosesMs: start + 1_800_000, TimeZone: "Europe/Moscow",
		}},
		Classes: []*electionv1.TokenClass{{Name: "north"}, {Name: "south"}},
		Styles: []*electionv1.Style{
			{Name: "north", Title: text("North"), Zone: 0, Group: 0, TokenClass: 0, Contests: []uint32{0, 1}},
			{Name: "south", Title: text("South"), Zone: 0, Group: 1, TokenClass: 1, Contests: []uint32{0}},
		},
		Revote:       &electionv1.RevotePolicy{Allowed: true, IntervalMs: 2_000},
		Panels:       []*electionv1.Panel{{Issuers: []uint32{0, 1}}},
		Threshold:    2,
		Ceremony:     &electionv1.CeremonyWindows{WindowMs: 5_000, WindowBlocks: 3},
		SmallClasses: true,
		TokenBits:    2048,
		Nonce:        nonce[:16],
	}
	for i := range 2 {
		k := worldKey("issuer", i)
		pub := k.Public()
		w.issuers = append(w.issuers, k)
		w.def.Issuers = append(w.def.Issuers, &electionv1.Issuer{Name: fmt.Sprintf("Issuer %d", i), OperatorKey: pub[:]})
	}
	for i := range 3 {
		k := worldKey("trustee", i)
		pub := k.Public()
		w.trustees = append(w.trustees, &trustee{key: k})
		w.def.Trustees = append(w.def.Trustees, &electionv1.Trustee{Name: fmt.Sprintf("Trustee %d", i), Key: pub[:]})
	}
	w.id = election.DefinitionID(chainID, w.def)
	w.act(commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: w.def})
	if w.phase() != electionv1.Phase_PHASE_ANNOUNCED {
		w.t.Fatalf("the election is %s", w.phase())
	}
}

// stage stages and approves a roll of so many entries per style.
func (w *world) stage(perStyle int) {
	w.t.Helper()
	author := w.members[0].Public()
	m := &rollv1.ApproveRoll{ElectionId: w.id[:], Author: author[:]}
	for style := range w.def.Styles {
		var all []byte
		var entries [][]byte
		for i := range perStyle {
			e := sha256.Sum256(fmt.Appendf(nil, "entry %d %d", style, i))
			entries = append(entries, e[:])
			all = append(all, e[:]...)
		}
		w.entries = append(w.entries, entries)
		half := perStyle / 2 * 32
		w.must(w.sign(txv1.Kind_KIND_STAGE_ROLL, &rollv1.StageRoll{ElectionId: w.id[:], Style: uint32(style), Entries: all[:half]}, w.members[0]))
		w.must(w.sign(txv1.Kind_KIND_STAGE_ROLL, &rollv1.StageRoll{ElectionId: w.id[:], Style: uint32(style), From: uint64(half / 32), Entries: all[half:]}, w.members[0]))
		root := roll.Root(all)
		m.Styles = append(m.Styles, &rollv1.StyleRoll{Style: uint32(style), Size_: uint64(perStyle), Root: root[:]})
	}
	w.act(commissionv1.Action_ACTION_APPROVE_ROLL, m)
}

// registerIssuers registers the token keys of all classes.
func (w *world) registerIssuers() {
	w.t.Helper()
	var raws [][]byte
	for class := range w.def.Classes {
		var keys []*blindtoken.PrivateKey
		for i, operator := range w.issuers {
			k, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
			if err != nil {
				w.t.Fatal(err)
			}
			keys = append(keys, k)
			m, err := issuance.NewRegisterIssuerKey(k, issuance.KeyContext(chainID, w.id, uint32(class), 0, operator.Public()), uint32(i))
			if err != nil {
				w.t.Fatal(err)
			}
			raws = append(raws, w.sign(txv1.Kind_KIND_REGISTER_ISSUER_KEY, m, operator))
		}
		w.tokenKeys = append(w.tokenKeys, keys)
	}
	w.must(raws...)
}

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}
