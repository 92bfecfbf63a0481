package verify_test

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
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

// world is an election and everybody in it, over the real application.
type world struct {
	*engine
	members  []sign.PrivateKey
	nonce    uint64
	def      *electionv1.Definition
	id       [32]byte
	trustees []*trustee
	issuers  []sign.PrivateKey
	tokens   [][]*blindtoken.PrivateKey // of the one class, by panel and member
	entries  [][]byte
	forms    []*ballot.Form // by style
	voters   []*voter
	// panel that is open.
	panel uint32
	// plain is an election of one contest of ten options, tokens of one issuer
	// and no recasting, as figures are given for.
	plain bool
}

func keyOf(role string, i int) sign.PrivateKey {
	return sign.NewPrivateKey(sha256.Sum256(fmt.Appendf(nil, "%s %d", role, i)))
}

const (
	quorum = 2
	// styles of one class, each with a counting group of its own; the entry i
	// is in the roll of style i mod styles.
	styles = 4
)

func newWorld(t testing.TB) *world {
	t.Helper()
	var members string
	w := &world{}
	for i := range 3 {
		k := keyOf("member", i)
		w.members = append(w.members, k)
		members += fmt.Sprintf(`,{"name":"Member %d","role":"member","key":"%x"}`, i, k.Public())
	}
	w.engine = newEngine(t, fmt.Sprintf(`{"rehearsal":true,"rules":1,"commission":{"quorum":%d,"members":[%s]}}`, quorum, members[1:]))
	w.block(time.Second)
	return w
}

// must makes a block in which every transaction has to be.
func (w *world) must(raws ...[]byte) {
	w.t.Helper()
	for i, raw := range raws {
		refusal, err := w.engine.app.CheckRaw(raw)
		w.ok(err)
		if refusal != nil {
			w.t.Fatalf("transaction %d: %v", i, refusal)
		}
	}
	if got := w.block(time.Second, raws...); len(got) != len(raws) {
		w.t.Fatalf("%d of %d transactions are in the block", len(got), len(raws))
	}
}

func (w *world) sign(kind txv1.Kind, m ledger.Wire, k sign.PrivateKey) []byte {
	w.t.Helper()
	raw, err := envelope.Encode(w.chainID, uint32(kind), ledger.MustEncode(m), k)
	w.ok(err)
	return raw
}

func (w *world) unsigned(kind txv1.Kind, m ledger.Wire) []byte {
	w.t.Helper()
	raw, err := envelope.EncodeUnsigned(w.chainID, uint32(kind), ledger.MustEncode(m))
	w.ok(err)
	return raw
}

func kindOf(t testing.TB, raw []byte) uint32 {
	t.Helper()
	var tx txv1.Tx
	if err := tx.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	return tx.Kind
}

func (w *world) propose(action commissionv1.Action, act ledger.Wire) (raw []byte, id [32]byte) {
	w.nonce++
	nonce := sha256.Sum256(ledger.U64(w.nonce))
	p := &commissionv1.Proposal{Action: uint32(action), Body: ledger.MustEncode(act), ExpiresMs: w.now() + 24*3600_000, Nonce: nonce[:16]}
	return w.sign(txv1.Kind_KIND_PROPOSE, &commissionv1.Propose{Proposal: p}, w.members[0]), commission.ProposalID(w.chainID, p)
}

func (w *world) approve(id [32]byte, member int) []byte {
	return w.sign(txv1.Kind_KIND_APPROVE, &commissionv1.Approve{ProposalId: id[:]}, w.members[member])
}

// act carries an act through to its quorum.
func (w *world) act(action commissionv1.Action, act ledger.Wire) {
	w.t.Helper()
	raw, id := w.propose(action, act)
	w.must(raw)
	w.must(w.approve(id, 1))
}

func (w *world) phase() electionv1.Phase {
	v := w.engine.app.View()
	defer v.Close()
	z, _ := v.Keepers().Election.Zone(v.Reader(), w.id, 0)
	return z.Phase
}

func (w *world) untilPhase(p electionv1.Phase) {
	w.t.Helper()
	for range 200 {
		if w.phase() == p {
			return
		}
		w.block(30 * time.Second)
	}
	w.t.Fatalf("%s: not within 200 blocks", p)
}

func text(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "en", Text: s}} }

func options(n int) []*electionv1.Option {
	var out []*electionv1.Option
	for i := range n {
		out = append(out, &electionv1.Option{Title: text(fmt.Sprintf("Option %d", i+1))})
	}
	return out
}

// create makes an election of two contests, two issuers, three trustees of whom
// two decrypt; groups are joined until four ballots are together.
func (w *world) create() {
	w.t.Helper()
	begin := w.now()
	nonce := sha256.Sum256(fmt.Append(nil, "nonce", len(w.specs)))
	w.issuers, w.trustees = nil, nil
	w.def = &electionv1.Definition{
		Title: text("Election"),
		Contests: []*electionv1.Contest{
			{Title: text("One of two"), Options: options(2), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1},
			{Title: text("Points"), Options: options(2), Kind: electionv1.ContestKind_CONTEST_KIND_POINTS, MaxPoints: 3, HasTotal: true, TotalMax: 4, FirstSlot: 3},
		},
		Zones: []*electionv1.Zone{{Title: text("Zone"), CeremonyOpensMs: begin + 60_000, IssuingOpensMs: begin + 300_000,
			VotingOpensMs: begin + 600_000, ClosesMs: begin + 900_000, TimeZone: "Europe/Moscow"}},
		Classes:      []*electionv1.TokenClass{{Name: "all"}},
		MinJoined:    4,
		Revote:       &electionv1.RevotePolicy{Allowed: true, IntervalMs: 2_000},
		Panels:       []*electionv1.Panel{{Issuers: []uint32{0, 1}}, {Issuers: []uint32{1, 0}}},
		Threshold:    2,
		Ceremony:     &electionv1.CeremonyWindows{WindowMs: 5_000, WindowBlocks: 3},
		SmallClasses: true,
		TokenBits:    2048,
		Nonce:        nonce[:16],
	}
	if w.plain {
		w.def.Contests = []*electionv1.Contest{{Title: text("One of ten"), Options: options(10), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1}}
		w.def.Panels, w.def.Revote = []*electionv1.Panel{{Issuers: []uint32{0}}}, &electionv1.RevotePolicy{}
	}
	for i := range uint32(styles) {
		w.def.Groups = append(w.def.Groups, &electionv1.CountingGroup{Title: text(fmt.Sprintf("Group %d", i))})
		w.def.Styles = append(w.def.Styles, &electionv1.Style{Name: fmt.Sprintf("style %d", i), Group: i, Contests: []uint32{0, 1}[:len(w.def.Contests)]})
	}
	for i := range 2 {
		k := keyOf("issuer", i)
		pub := k.Public()
		w.issuers = append(w.issuers, k)
		w.def.Issuers = append(w.def.Issuers, &electionv1.Issuer{Name: fmt.Sprintf("Issuer %d", i), OperatorKey: pub[:]})
	}
	for i := range 3 {
		k := keyOf("trustee", i)
		pub := k.Public()
		w.trustees = append(w.trustees, &trustee{key: k})
		w.def.Trustees = append(w.def.Trustees, &electionv1.Trustee{Name: fmt.Sprintf("Trustee %d", i), Key: pub[:]})
	}
	w.id = election.DefinitionID(w.chainID, w.def)
	w.act(commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: w.def})
}

// enrol stages and approves a roll, grows it once and strikes the last entry.
func (w *world) enrol(n int) {
	w.t.Helper()
	var parts [styles][]byte
	author := w.members[0].Public()
	for begin, end := 0, n/2; begin < n; begin, end = end, n {
		var fresh [styles][]byte
		for i := begin; i < end; i++ {
			e := sha256.Sum256(fmt.Appendf(nil, "entry %d", i))
			w.entries = append(w.entries, e[:])
			fresh[i%styles] = append(fresh[i%styles], e[:]...)
		}
		m := &rollv1.ApproveRoll{ElectionId: w.id[:], Author: author[:]}
		var raws [][]byte
		for style := range uint32(styles) {
			raws = append(raws, w.sign(txv1.Kind_KIND_STAGE_ROLL, &rollv1.StageRoll{ElectionId: w.id[:], Style: style,
				From: uint64(len(parts[style]) / 32), Entries: fresh[style]}, w.members[0]))
			parts[style] = append(parts[style], fresh[style]...)
			root := roll.Root(parts[style])
			m.Styles = append(m.Styles, &rollv1.StyleRoll{Style: style, Size_: uint64(len(parts[style]) / 32), Root: root[:]})
		}
		w.must(raws...)
		w.act(commissionv1.Action_ACTION_APPROVE_ROLL, m)
	}
	w.act(commissionv1.Action_ACTION_REMOVE_ENTRIES, &rollv1.RemoveEntries{ElectionId: w.id[:], Entries: w.entries[n-1:], Reason: "moved away"})
}

func (w *world) registerIssuers() {
	w.t.Helper()
	var raws [][]byte
	for panel, p := range w.def.Panels {
		var keys []*blindtoken.PrivateKey
		for _, i := range p.Issuers {
			k, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
			w.ok(err)
			keys = append(keys, k)
			m, err := issuance.NewRegisterIssuerKey(k, issuance.KeyContext(w.chainID, w.id, 0, uint32(panel), w.issuers[i].Public()), i)
			w.ok(err)
			raws = append(raws, w.sign(txv1.Kind_KIND_REGISTER_ISSUER_KEY, m, w.issuers[i]))
		}
		w.tokens = append(w.tokens, keys)
	}
	w.must(raws...)
}

// voter holds an entry of the roll.
type voter struct {
	style    uint32
	entry    []byte
	key      sign.PrivateKey
	claim    sign.PrivateKey
	requests []*blindtoken.Request
	token    *ballotv1.Token
	sequence uint32
	panel    uint32
}

func (w *world) voter(i int) *voter {
	w.t.Helper()
	secret, err := blindtoken.NewSecret(rand.Reader)
	w.ok(err)
	scope := issuance.Scope(w.chainID, w.id, 0, w.panel)
	v := &voter{style: uint32(i % styles), entry: w.entries[i], key: secret.BallotKey(scope), claim: keyOf("claim", i), panel: w.panel}
	for _, k := range w.tokens[w.panel] {
		r, err := blindtoken.Blind(secret, scope, k.Public())
		w.ok(err)
		v.requests = append(v.requests, r)
	}
	return v
}

// issue binds a voter's entry to its blinded messages.
func (w *world) issue(v *voter) []byte {
	w.t.Helper()
	public := v.claim.Public()
	claim := sha256.Sum256(public[:])
	m := &issuancev1.IssueToken{ElectionId: w.id[:], Style: v.style, Panel: v.panel, Entry: v.entry, ClaimKeyHash: claim[:]}
	for _, r := range v.requests {
		hash := r.Hash()
		m.BlindedHashes = append(m.BlindedHashes, hash[:])
	}
	for _, i := range w.def.Panels[v.panel].Issuers {
		m.Endorsements = append(m.Endorsements, issuance.Endorse(w.chainID, m, w.issuers[i]))
	}
	return w.unsigned(txv1.Kind_KIND_ISSUE_TOKEN, m)
}

func (w *world) collect(v *voter) {
	w.t.Helper()
	v.token = &ballotv1.Token{Panel: v.panel}
	for i, k := range w.tokens[v.panel] {
		answer, err := k.Sign(v.requests[i].Blinded())
		w.ok(err)
		s, err := v.requests[i].Finalize(answer)
		w.ok(err)
		v.token.Signatures = append(v.token.Signatures, s)
	}
}

// seal seals a voter's ballot of the given sequence number: the option of the
// first contest, and three points and one in the second.
func (w *world) sealBallot(v *voter, sequence uint32, option int) *ballotv1.CastBallot {
	w.t.Helper()
	marks := make([]bool, len(w.def.Contests[0].Options))
	marks[option] = true
	bits, err := bitproof.ChoiceBits(uint32(len(marks)), 1, 1, marks)
	w.ok(err)
	if !w.plain {
		points, err := bitproof.PointsBits(2, 3, true, 0, 4, []uint32{3, 1})
		w.ok(err)
		bits = append(bits, points...)
	}
	ct, proof, err := bitproof.Prove(rand.Reader, w.forms[v.style].Statement(v.key.Public(), sequence), bits)
	w.ok(err)
	token := v.token
	if sequence > 1 {
		token = nil
	}
	return w.forms[v.style].Message(sequence, token, ct, proof)
}

func (w *world) cast(v *voter, option int) []byte {
	v.sequence++
	return w.sign(txv1.Kind_KIND_CAST_BALLOT, w.sealBallot(v, v.sequence, option), v.key)
}

func (w *world) openForm() {
	w.t.Helper()
	v := w.engine.app.View()
	defer v.Close()
	key, ok := v.Keepers().Ceremony.Key(v.Reader(), w.id, 0)
	if !ok {
		w.t.Fatal("there is no election key")
	}
	for style := range w.def.Styles {
		f, err := ballot.PreparedForm(w.chainID, w.id, w.def, uint32(style), key)
		w.ok(err)
		w.forms = append(w.forms, f)
	}
}

// vote issues tokens, casts ballots and lets some voters cast again.
func (w *world) vote(n int) {
	w.t.Helper()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var issues, casts, again [][]byte
	for i := range n {
		v := w.voter(i)
		w.voters = append(w.voters, v)
		issues = append(issues, w.issue(v))
	}
	w.must(issues...)
	w.claimSignature(w.voters[0])
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.openForm()
	for i, v := range w.voters {
		w.collect(v)
		casts = append(casts, w.cast(v, i%2))
	}
	w.must(casts...)
	w.block(3 * time.Second)
	for _, v := range w.voters[:3] {
		again = append(again, w.cast(v, 1))
	}
	w.must(again...)
}

// claimSignature asks a member on the ledger, which answers there.
func (w *world) claimSignature(v *voter) {
	w.t.Helper()
	blinded := v.requests[1].Blinded()
	w.must(w.sign(txv1.Kind_KIND_CLAIM_SIGNATURE, &issuancev1.ClaimSignature{ElectionId: w.id[:], Entry: v.entry, Member: 1, BlindedMessage: blinded}, v.claim))
	answer, err := w.tokens[v.panel][1].Sign(blinded)
	w.ok(err)
	w.must(w.unsigned(txv1.Kind_KIND_ANSWER_CLAIM, &issuancev1.AnswerClaim{ElectionId: w.id[:], Entry: v.entry, Member: 1, BlindSignature: answer}))
}
