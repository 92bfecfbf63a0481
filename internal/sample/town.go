package sample

import (
	"crypto/sha256"
	"fmt"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/commission"
	commissionkeeper "github.com/urna-vote/urna/x/commission/keeper"
	"github.com/urna-vote/urna/x/election"
	electionkeeper "github.com/urna-vote/urna/x/election/keeper"
	issuancekeeper "github.com/urna-vote/urna/x/issuance/keeper"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/roll"
	rollkeeper "github.com/urna-vote/urna/x/roll/keeper"
)

// Town is a chain with the modules commission, election, roll and issuance.
// The key ceremony is the test's.
type Town struct {
	*ledgertest.Chain
	Commission *commissionkeeper.Keeper
	Elections  *electionkeeper.Keeper
	Roll       *rollkeeper.Keeper
	Issuance   *issuancekeeper.Keeper
	// KeyReady is what the election is told about its key.
	KeyReady bool
	// ID of the election that Create made.
	ID  [32]byte
	Def *electionv1.Definition
	// nonces make proposals differ.
	nonces uint64
}

// gates answers the election with the town's modules.
type gates struct{ town *Town }

func (g gates) KeyReady(ledger.Reader, [32]byte, uint32) bool { return g.town.KeyReady }
func (g gates) RollReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return g.town.Roll.RollReady(r, id, zone)
}
func (g gates) IssuersReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return g.town.Issuance.IssuersReady(r, id, zone)
}

// members answers the roll with the town's commission.
type members struct{ town *Town }

func (m members) IsMember(r ledger.Reader, key []byte) bool {
	return m.town.Commission.IsMember(r, key)
}

// NewTown is a town without an election, at block time Start. Modules of the
// test may come after the town's own.
func NewTown(more ...ledger.Module) *Town {
	t := &Town{KeyReady: true}
	t.Elections = electionkeeper.New(gates{t})
	t.Roll = rollkeeper.New(t.Elections, members{t}, issuancekeeper.Tokens{})
	t.Issuance = issuancekeeper.New(t.Elections, t.Roll)
	modules := append([]ledger.Module{t.Elections.Module(), t.Roll.Module(), t.Issuance.Module()}, more...)
	var acts []ledger.Act
	for _, m := range modules {
		acts = append(acts, m.Acts...)
	}
	t.Commission = commissionkeeper.New(acts)
	t.Chain = ledgertest.NewChain(ChainID, Start, append([]ledger.Module{t.Commission.Module()}, modules...)...)
	if err := t.Commission.InitGenesis(t.State, Commission()); err != nil {
		panic("sample: genesis: " + err.Error())
	}
	return t
}

// Proposal makes a proposal of an act that expires in an hour.
func (t *Town) Proposal(action commissionv1.Action, act ledger.Wire) *commissionv1.Proposal {
	t.nonces++
	return &commissionv1.Proposal{
		Action:    uint32(action),
		Body:      ledger.MustEncode(act),
		ExpiresMs: t.Context.TimeMS + 3_600_000,
		Nonce:     append(make([]byte, 8), ledger.U64(t.nonces)...),
	}
}

// Propose makes the transaction that puts a proposal before the commission.
func Propose(member string, p *commissionv1.Proposal) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_PROPOSE), Public(member), &commissionv1.Propose{Proposal: p})
}

// Approve makes the transaction that approves a proposal.
func Approve(member string, id [32]byte) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_APPROVE), Public(member), &commissionv1.Approve{ProposalId: id[:]})
}

// Decide carries out an act in two blocks, a second each: the chair proposes,
// the secretary approves.
func (t *Town) Decide(action commissionv1.Action, act ledger.Wire) error {
	approve, err := t.Prepare(action, act)
	if err != nil {
		return err
	}
	return t.Deliver(approve)
}

// Prepare has the chair propose an act, in a block of its own, and returns the
// approval with which it takes effect.
func (t *Town) Prepare(action commissionv1.Action, act ledger.Wire) (ledgertest.Tx, error) {
	p := t.Proposal(action, act)
	if err := t.Deliver(Propose("chair", p)); err != nil {
		return ledgertest.Tx{}, err
	}
	return Approve("secretary", proposalID(p)), nil
}

// Create makes an election of the definition.
func (t *Town) Create(def *electionv1.Definition) {
	t.Def, t.ID = def, election.DefinitionID(ChainID, def)
	t.must(t.Decide(commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: def}))
}

// Until makes blocks, the last one at the given time, none a minute or more
// after the one before.
func (t *Town) Until(ms int64) {
	for t.Context.TimeMS < ms {
		t.Block(min(ms-t.Context.TimeMS, 50_000))
	}
}

// EndCeremony lets the key ceremony of a zone be over.
func (t *Town) EndCeremony(zone uint32) {
	t.Elections.SetPhase(t.Context, t.State, t.ID, zone, electionv1.Phase_PHASE_ROLL)
}

// StageTx makes the transaction that stages entries behind those staged.
func (t *Town) StageTx(member string, style uint32, entries ...[]byte) ledgertest.Tx {
	from, _ := t.Roll.Staged(t.State, t.ID, Public(member), style)
	m := &rollv1.StageRoll{ElectionId: t.ID[:], Style: style, From: from}
	for _, e := range entries {
		m.Entries = append(m.Entries, e...)
	}
	return ledgertest.Message(uint32(txv1.Kind_KIND_STAGE_ROLL), Public(member), m)
}

// StagedRoll is the act that approves all that a member has staged.
func (t *Town) StagedRoll(member string) *rollv1.ApproveRoll {
	act := &rollv1.ApproveRoll{ElectionId: t.ID[:], Author: Public(member)}
	for style := range uint32(len(t.Def.Styles)) {
		size, root := t.Roll.Staged(t.State, t.ID, Public(member), style)
		act.Styles = append(act.Styles, &rollv1.StyleRoll{Style: style, Size_: size, Root: root[:]})
	}
	return act
}

// Enrol stages entries "<style>/0", "<style>/1", … of each style and has them
// approved.
func (t *Town) Enrol(perStyle int) {
	for style := range uint32(len(t.Def.Styles)) {
		for first := 0; first < perStyle; first += roll.MaxStagedEntries {
			var entries [][]byte
			for i := first; i < min(perStyle, first+roll.MaxStagedEntries); i++ {
				entries = append(entries, Entry(fmt.Sprintf("%d/%d", style, i)))
			}
			t.must(t.Deliver(t.StageTx("chair", style, entries...)))
		}
	}
	t.must(t.Decide(commissionv1.Action_ACTION_APPROVE_ROLL, t.StagedRoll("chair")))
}

// Phase of a zone.
func (t *Town) Phase(zone uint32) electionv1.Phase { return t.Zone(zone).Phase }

// Zone is the state of a zone.
func (t *Town) Zone(zone uint32) electionv1.ZoneState {
	z, ok := t.Elections.Zone(t.State, t.ID, zone)
	if !ok {
		panic(fmt.Sprintf("sample: no zone %d", zone))
	}
	return z
}

func (t *Town) must(err error) {
	if err != nil {
		panic("sample: " + err.Error())
	}
}

// Hash is SHA-256, for records that name what they bind.
func Hash(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

func proposalID(p *commissionv1.Proposal) [32]byte { return commission.ProposalID(ChainID, p) }
