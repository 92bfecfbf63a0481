package chainview

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// maxAge is how old a proven state may be before it is fetched again.
const maxAge = time.Second

const maxObject = 64 << 20

// Node is what the view asks; client.Client is one.
type Node interface {
	Proven(ctx context.Context, election [32]byte, objects ...string) (*chain.Proven, error)
	RollEntry(ctx context.Context, election, entry [32]byte) (*api.RollEntry, error)
	Receipt(ctx context.Context, hash [32]byte) (*api.Receipt, *chain.Head, error)
	Transaction(ctx context.Context, hash [32]byte) (*api.TxStatus, error)
}

// View implements issue.Ledger. It is safe for concurrent use.
type View struct {
	node    Node
	chainID string
	now     func() time.Time

	mu          sync.Mutex
	definitions map[[32]byte]*electionv1.Definition
	states      map[stateKey]*classState
	bitmaps     map[stateKey]*bitmapState
}

// stateKey is an election with a class, or with a style.
type stateKey struct {
	election [32]byte
	number   uint32
}

// bitmapState is the proven head of a style's bitmaps, under its own lock too.
type bitmapState struct {
	mu   sync.Mutex
	at   time.Time
	head *issuancev1.StyleIssued
}

// classState is a proven state of a class, under its own lock so that one
// request fetches and the others wait for it.
type classState struct {
	mu    sync.Mutex
	at    time.Time
	zone  *electionv1.ZoneState
	keys  *issuancev1.ClassKeys
	rolls map[uint32]*rollv1.StyleRoll
}

// New makes a view of one chain. The clock says how old a state is.
func New(node Node, chainID string, now func() time.Time) *View {
	return &View{
		node: node, chainID: chainID, now: now,
		definitions: map[[32]byte]*electionv1.Definition{},
		states:      map[stateKey]*classState{}, bitmaps: map[stateKey]*bitmapState{},
	}
}

// Definition implements issue.Ledger. A definition never changes.
func (v *View) Definition(ctx context.Context, id [32]byte) (*electionv1.Definition, error) {
	v.mu.Lock()
	def, ok := v.definitions[id]
	v.mu.Unlock()
	if ok {
		return def, nil
	}
	objects, err := v.proven(ctx, id, "definition")
	if err != nil {
		return nil, err
	}
	b, _ := objects.Object("definition")
	if election.ID(v.chainID, b) != id {
		return nil, fmt.Errorf("definition does not hash to election %x: %w", id[:4], issue.ErrNode)
	}
	if def, err = ledger.DecodeStrict[electionv1.Definition](b, maxObject); err != nil {
		return nil, fmt.Errorf("definition of election %x: %w: %w", id[:4], err, issue.ErrNode)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.definitions[id] = def
	return def, nil
}

// Standing implements issue.Ledger.
func (v *View) Standing(ctx context.Context, id [32]byte, style uint32, entry [32]byte) (issue.Standing, error) {
	def, err := v.Definition(ctx, id)
	if err != nil {
		return issue.Standing{}, err
	}
	standing, err := v.standing(ctx, id, def, style, entry, maxAge)
	if errors.Is(err, errPlace) {
		// The roll may have grown, or an entry been struck, between the answers:
		// once more, anew.
		standing, err = v.standing(ctx, id, def, style, entry, 0)
	}
	if errors.Is(err, errPlace) {
		return issue.Standing{}, fmt.Errorf("%w: %w", err, issue.ErrNode)
	}
	return standing, err
}

// errPlace: the node's paths do not lead to the proven roll and bitmap.
var errPlace = errors.New("entry's place in the roll is not proven")

func (v *View) standing(ctx context.Context, id [32]byte, def *electionv1.Definition, style uint32, entry [32]byte, age time.Duration) (issue.Standing, error) {
	state, err := v.state(ctx, id, def, style, age)
	if err != nil {
		return issue.Standing{}, err
	}
	phase := state.zone.Phase
	standing := issue.Standing{
		Open:   (phase == electionv1.Phase_PHASE_ISSUING || phase == electionv1.Phase_PHASE_VOTING) && !state.zone.Suspended,
		Panel:  state.keys.OpenPanel,
		Moduli: state.keys.Panels[state.keys.OpenPanel].Moduli,
	}
	if !standing.Open {
		return standing, nil
	}
	place, err := v.node.RollEntry(ctx, id, entry)
	if errors.Is(err, client.ErrNotFound) {
		return standing, nil
	}
	if err != nil {
		return issue.Standing{}, fmt.Errorf("find entry: %w: %w", err, issue.ErrNode)
	}
	if place.Style != style {
		return standing, nil
	}
	if state.rolls[style] == nil {
		return issue.Standing{}, fmt.Errorf("%w: the roll is not approved", errPlace)
	}
	if err := chain.CheckPlace(state.rolls[style], entry, place); err != nil {
		return issue.Standing{}, fmt.Errorf("%w: %w", errPlace, err)
	}
	bitmaps, err := v.bitmap(ctx, id, style, age)
	if err != nil {
		return issue.Standing{}, err
	}
	removed, err := chain.CheckRemoved(bitmaps, place)
	if err != nil {
		return issue.Standing{}, fmt.Errorf("%w: %w", errPlace, err)
	}
	// Issued is the node's word: tokens of every block change that bitmap, and
	// the ledger itself refuses a second one.
	standing.InRoll, standing.Removed, standing.Issued = true, removed, place.Issued
	return standing, nil
}

// Token implements issue.Ledger.
func (v *View) Token(ctx context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	// Being in the log is being accepted; the receipt is checked by the client.
	_, _, err := v.node.Receipt(ctx, hash)
	if errors.Is(err, client.ErrNotFound) {
		return nil, fmt.Errorf("issuance %x is not provable on this gateway's node, or not yet: %w", hash[:4], issue.ErrNotOnRecord)
	}
	if err != nil {
		return nil, fmt.Errorf("prove issuance: %w: %w", err, issue.ErrNode)
	}
	status, err := v.node.Transaction(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("fetch issuance: %w: %w", err, issue.ErrNode)
	}
	if envelope.Hash(status.Raw) != hash {
		return nil, fmt.Errorf("fetch issuance: the node gives other bytes: %w", issue.ErrNode)
	}
	tx, err := envelope.Decode(status.Raw, v.chainID)
	if err != nil || tx.Kind != uint32(txv1.Kind_KIND_ISSUE_TOKEN) {
		return nil, fmt.Errorf("transaction %x is no issuance: %w", hash[:4], issue.ErrNotOnRecord)
	}
	token, err := issuance.DecodeIssueToken(tx.Body)
	if err != nil {
		return nil, fmt.Errorf("read issuance: %w: %w", err, issue.ErrNode)
	}
	if err := issuance.ValidateIssueToken(token); err != nil {
		return nil, fmt.Errorf("read issuance: %w: %w", err, issue.ErrNode)
	}
	return token, nil
}

// state is the recent proven state of a style's class. The answer is not changed
// after it was handed out.
func (v *View) state(ctx context.Context, id [32]byte, def *electionv1.Definition, style uint32, age time.Duration) (*classState, error) {
	if uint64(style) >= uint64(len(def.Styles)) {
		return nil, fmt.Errorf("style %d: %w", style, issue.ErrRequest)
	}
	class := def.Styles[style].TokenClass
	k := stateKey{election: id, number: class}
	v.mu.Lock()
	kept, ok := v.states[k]
	if !ok {
		kept = &classState{}
		v.states[k] = kept
	}
	v.mu.Unlock()

	asked := v.now()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.zone == nil || kept.at.Before(asked.Add(-age)) {
		next, err := v.fetch(ctx, id, def, style, class)
		if err != nil {
			return nil, err
		}
		kept.at, kept.zone, kept.keys, kept.rolls = asked, next.zone, next.keys, next.rolls
	}
	return &classState{at: kept.at, zone: kept.zone, keys: kept.keys, rolls: kept.rolls}, nil
}

func (v *View) fetch(ctx context.Context, id [32]byte, def *electionv1.Definition, style, class uint32) (*classState, error) {
	zoneName, keysName := fmt.Sprintf("zone/%d", def.Styles[style].Zone), fmt.Sprintf("issuers/%d", class)
	objects, err := v.proven(ctx, id, zoneName, keysName)
	if err != nil {
		return nil, err
	}
	s := &classState{rolls: map[uint32]*rollv1.StyleRoll{}}
	if s.zone, err = object[electionv1.ZoneState](objects, zoneName); err != nil {
		return nil, err
	}
	if s.keys, err = object[issuancev1.ClassKeys](objects, keysName); err != nil {
		return nil, err
	}
	if uint64(s.keys.OpenPanel) >= uint64(len(s.keys.Panels)) {
		return nil, fmt.Errorf("object %s names a panel that does not exist: %w", keysName, issue.ErrNode)
	}
	if _, there := objects.Hash("roll"); !there {
		return s, nil
	}
	if objects, err = v.proven(ctx, id, "roll"); err != nil {
		return nil, err
	}
	r, err := object[rollv1.Roll](objects, "roll")
	if err != nil {
		return nil, err
	}
	for _, style := range r.Styles {
		s.rolls[style.Style] = style
	}
	return s, nil
}

// bitmap is the recent proven head of a style's bitmaps.
func (v *View) bitmap(ctx context.Context, id [32]byte, style uint32, age time.Duration) (*issuancev1.StyleIssued, error) {
	k := stateKey{election: id, number: style}
	v.mu.Lock()
	kept, ok := v.bitmaps[k]
	if !ok {
		kept = &bitmapState{}
		v.bitmaps[k] = kept
	}
	v.mu.Unlock()

	asked := v.now()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.head == nil || kept.at.Before(asked.Add(-age)) {
		name := fmt.Sprintf("issued/%d", style)
		objects, err := v.proven(ctx, id, name)
		if err != nil {
			return nil, err
		}
		head, err := object[issuancev1.StyleIssued](objects, name)
		if err != nil {
			return nil, err
		}
		kept.at, kept.head = asked, head
	}
	return kept.head, nil
}

func (v *View) proven(ctx context.Context, id [32]byte, names ...string) (*chain.Proven, error) {
	objects, err := v.node.Proven(ctx, id, names...)
	if errors.Is(err, client.ErrNotFound) {
		return nil, fmt.Errorf("election %x: %w", id[:4], issue.ErrUnknownElection)
	}
	if err != nil {
		return nil, fmt.Errorf("prove state of election %x: %w: %w", id[:4], err, issue.ErrNode)
	}
	return objects, nil
}

func object[T any, M interface {
	*T
	ledger.Wire
}](objects *chain.Proven, name string) (M, error) {
	b, _ := objects.Object(name)
	m, err := ledger.DecodeStrict[T, M](b, maxObject)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w: %w", name, err, issue.ErrNode)
	}
	return m, nil
}
