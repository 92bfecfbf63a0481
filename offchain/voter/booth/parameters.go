package booth

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// maxObject limits an object of an election's summary in bytes.
const maxObject = 64 << 20

// Objects are proven objects of an election's summary: the bytes of those that
// were asked for, and the hash of every one that there is.
type Objects interface {
	Object(name string) ([]byte, bool)
	Hash(name string) ([32]byte, bool)
}

// Prove fetches objects of an election and returns those that follow from the
// genesis, or fails.
type Prove func(ctx context.Context, election [32]byte, names ...string) (Objects, error)

// Parameters are all that a device needs to know of an election for one style,
// at the height at which they were proven. They are immutable and may be shared.
type Parameters struct {
	ChainID    string
	Election   [32]byte
	Definition *electionv1.Definition
	Style      uint32
	Class      uint32
	Zone       *electionv1.ZoneState
	// OpenPanel of the class, and the keys of every panel's members; a panel
	// with a key that is not registered has none.
	OpenPanel uint32
	Panels    [][]*blindtoken.PublicKey
	// Form is the empty ballot, nil while there is no election key.
	Form *ballot.Form
	// keyHash is that of the object from which Form was made.
	keyHash [32]byte
}

// Load fetches and reads the parameters for a style.
func Load(ctx context.Context, prove Prove, chainID string, id [32]byte, style uint32) (*Parameters, error) {
	first, err := prove(ctx, id, "definition")
	if err != nil {
		return nil, fmt.Errorf("load election %x: %w", id[:4], err)
	}
	p := &Parameters{ChainID: chainID, Election: id, Style: style}
	if err := p.readDefinition(first); err != nil {
		return nil, fmt.Errorf("load election %x: %w", id[:4], err)
	}
	return p.Renew(ctx, prove)
}

// Renew fetches again what changes: the zone's phase, the open panel and the
// issuers' keys, and the election key if it is another than before: a ceremony
// that is held again makes the old one void.
func (p *Parameters) Renew(ctx context.Context, prove Prove) (*Parameters, error) {
	next := *p
	if err := next.fetch(ctx, prove); err != nil {
		return nil, err
	}
	return &next, nil
}

func (p *Parameters) fetch(ctx context.Context, prove Prove) error {
	zone := p.Definition.Styles[p.Style].Zone
	zoneName, keyName, classKeys := fmt.Sprintf("zone/%d", zone), fmt.Sprintf("key/%d", zone), fmt.Sprintf("issuers/%d", p.Class)
	objects, err := prove(ctx, p.Election, zoneName, classKeys)
	if err != nil {
		return fmt.Errorf("load election %x: %w", p.Election[:4], err)
	}
	if p.Zone, err = object[electionv1.ZoneState](objects, zoneName); err != nil {
		return err
	}
	if err := p.readPanels(objects, classKeys); err != nil {
		return err
	}
	hash, exists := objects.Hash(keyName)
	switch {
	case !exists:
		p.Form = nil
		return nil
	case p.Form != nil && p.keyHash == hash:
		return nil
	}
	if objects, err = prove(ctx, p.Election, keyName); err != nil {
		return fmt.Errorf("load election key: %w", err)
	}
	return p.readKey(objects, keyName)
}

func (p *Parameters) readKey(objects Objects, name string) error {
	key, err := object[ceremonyv1.ElectionKey](objects, name)
	if err != nil {
		return err
	}
	if p.Form, err = ballot.PreparedForm(p.ChainID, p.Election, p.Definition, p.Style, key); err != nil {
		return fmt.Errorf("load election key: %w", err)
	}
	// The key may have changed since its hash was seen: what counts is what was read.
	p.keyHash = sha256.Sum256(ledger.MustEncode(key))
	return nil
}

func (p *Parameters) readDefinition(objects Objects) error {
	b, ok := objects.Object("definition")
	if !ok {
		return fmt.Errorf("object definition is missing")
	}
	// The id is the hash of the definition: whatever was proven, this is it.
	if election.ID(p.ChainID, b) != p.Election {
		return fmt.Errorf("definition is of another election or chain")
	}
	def, err := ledger.DecodeStrict[electionv1.Definition](b, maxObject)
	if err != nil {
		return fmt.Errorf("object definition: %w", err)
	}
	if uint64(p.Style) >= uint64(len(def.Styles)) {
		return fmt.Errorf("style %d: the election has %d", p.Style, len(def.Styles))
	}
	p.Definition, p.Class = def, def.Styles[p.Style].TokenClass
	return nil
}

func (p *Parameters) readPanels(objects Objects, name string) error {
	keys, err := object[issuancev1.ClassKeys](objects, name)
	if err != nil {
		return err
	}
	if keys.TokenClass != p.Class || len(keys.Panels) != len(p.Definition.Panels) || uint64(keys.OpenPanel) >= uint64(len(keys.Panels)) {
		return fmt.Errorf("object %s does not fit the definition", name)
	}
	p.OpenPanel, p.Panels = keys.OpenPanel, make([][]*blindtoken.PublicKey, len(keys.Panels))
	for i, panel := range keys.Panels {
		if len(panel.Moduli) != len(p.Definition.Panels[i].Issuers) {
			return fmt.Errorf("object %s, panel %d: %d keys for %d members", name, i, len(panel.Moduli), len(p.Definition.Panels[i].Issuers))
		}
		if p.Panels[i], err = panelKeys(panel.Moduli); err != nil {
			return fmt.Errorf("object %s, panel %d: %w", name, i, err)
		}
	}
	return nil
}

func panelKeys(moduli [][]byte) ([]*blindtoken.PublicKey, error) {
	keys := make([]*blindtoken.PublicKey, len(moduli))
	for i, m := range moduli {
		if len(m) == 0 {
			return nil, nil
		}
		key, err := blindtoken.DecodePublicKey(m)
		if err != nil {
			return nil, fmt.Errorf("member %d: %w", i, err)
		}
		keys[i] = key
	}
	return keys, nil
}

// Members are the issuers of a panel in its order.
func (p *Parameters) Members(panel uint32) []*electionv1.Issuer {
	var members []*electionv1.Issuer
	for _, i := range p.Definition.Panels[panel].Issuers {
		members = append(members, p.Definition.Issuers[i])
	}
	return members
}

// Scope of the tokens of a panel.
func (p *Parameters) Scope(panel uint32) blindtoken.Scope {
	return blindtoken.Scope{ChainID: p.ChainID, Election: p.Election, Class: p.Class, Panel: panel}
}

func object[T any, M interface {
	*T
	ledger.Wire
}](objects Objects, name string) (M, error) {
	b, ok := objects.Object(name)
	if !ok {
		return nil, fmt.Errorf("object %s is missing", name)
	}
	m, err := ledger.DecodeStrict[T, M](b, maxObject)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	return m, nil
}
