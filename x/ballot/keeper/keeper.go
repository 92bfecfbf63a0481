// Package keeper decides which ballots the ledger accepts and keeps what
// follows from them: spent keys, running encrypted sums, counts, and after the
// close the list of what is counted for each key. See docs/spec/ballots.md.
//
// It must never know who holds a ballot key.
package keeper

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/urna-vote/urna/crypto/blindtoken"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// Elections answers questions about elections and their zones.
type Elections interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
	// Number of an election on the chain, and the election of a number.
	Number(r ledger.Reader, id [32]byte) (uint32, bool)
	Numbered(r ledger.Reader, number uint32) ([32]byte, bool)
	// EachIn visits the zones that are in a phase, in a fixed order.
	EachIn(r ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32))
}

// ElectionKeys answers for the key of a zone.
type ElectionKeys interface {
	Key(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.ElectionKey, bool)
}

// Issuance answers for the tokens' side.
type Issuance interface {
	PanelKeys(r ledger.Reader, id [32]byte, class, panel uint32) ([]*blindtoken.PublicKey, bool)
	// PanelIssued is how many tokens of a class were issued by a panel.
	PanelIssued(r ledger.Reader, id [32]byte, class, panel uint32) uint64
}

// Keeper of ballots.
type Keeper struct {
	elections Elections
	keys      ElectionKeys
	issuance  Issuance
	forms     formCache
}

// New makes the keeper.
func New(elections Elections, keys ElectionKeys, issuance Issuance) *Keeper {
	return &Keeper{
		elections: elections, keys: keys, issuance: issuance,
		forms: formCache{forms: map[formID]*ballot.Form{}},
	}
}

// Module is what the application wires.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name: ballot.Codespace,
		Handlers: []ledger.Handler{{
			Kind: uint32(txv1.Kind_KIND_CAST_BALLOT), Name: "cast-ballot", Signed: true, MaxBytes: ballot.MaxBytes,
			Decode: ballot.Decode, Validate: ballot.Validate, Precheck: k.PrecheckCast, Execute: k.ExecuteCast,
		}},
		EndBlock: k.EndBlock,
		Summary:  k.Summary,
	}
}

// EndBlock adds the block's ballots to counts and sums and continues the lists of
// closed zones.
func (k *Keeper) EndBlock(_ ledger.Context, w ledger.Writer) {
	k.endGathered(w)
	k.continueListings(w, ballot.ListingPerBlock)
}

// Summary lists the counts, sums and finished lists that an election has.
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	var out []ledger.Object
	list := func(prefix []byte, name func(numbers []byte) string) {
		r.Iterate(prefix, func(key, value []byte) bool {
			out = append(out, ledger.Object{Name: name(key[len(prefix):]), Bytes: value})
			return true
		})
	}
	one := func(kind string) func([]byte) string {
		return func(n []byte) string { return fmt.Sprintf("%s/%d", kind, binary.BigEndian.Uint32(n)) }
	}
	list(ballot.CountsPrefix(id), one("counts"))
	list(ballot.SumPrefix(id), func(n []byte) string {
		return fmt.Sprintf("sum/%d/%d", binary.BigEndian.Uint32(n), binary.BigEndian.Uint32(n[4:]))
	})
	list(ballot.CountedPrefix(id), one("counted"))
	return out
}

// formCache memoises forms: pure functions of the election (whose id binds its
// definition), the style and the key (whose transcript hash binds it).
type formCache struct {
	mu    sync.RWMutex
	forms map[formID]*ballot.Form
}

type formID struct {
	chain      string
	election   [32]byte
	style      uint32
	transcript [32]byte
}

// maxForms bounds the cache; a full one is emptied.
const maxForms = 4096

func (c *formCache) get(id formID) *ballot.Form {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.forms[id]
}

func (c *formCache) put(id formID, f *ballot.Form) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.forms) >= maxForms {
		clear(c.forms)
	}
	c.forms[id] = f
}

// form of a style under the zone's key.
func (k *Keeper) form(chainID string, id [32]byte, def *electionv1.Definition, style uint32, key *ceremonyv1.ElectionKey) *ballot.Form {
	fid := formID{chain: chainID, election: id, style: style, transcript: [32]byte(key.TranscriptHash)}
	if f := k.forms.get(fid); f != nil {
		return f
	}
	f, err := ballot.NewForm(chainID, id, def, style, key)
	if err != nil {
		panic("ballot: accepted definition and key make no form: " + err.Error())
	}
	k.forms.put(fid, f)
	return f
}
