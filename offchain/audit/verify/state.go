package verify

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// verifier is the state of the ledger as the record leads to it. It belongs to
// one goroutine; found and bench have their own locks. What there is one of for
// each voter is in the store.
type verifier struct {
	genesis *chain.Genesis
	found   *findings
	bench   *bench
	heads   *heads

	last chained
	// began is the time of the block at hand, then of the last one.
	began int64
	log   merkle.Frontier
	// logged is the log index of the transaction at hand, nil if it has none.
	logged *uint64

	quorum    int
	members   map[string]bool
	proposals map[[32]byte]*commissionv1.ProposalState
	byID      map[[32]byte]*elect
	// ordered by id: ends of blocks visit elections in this order.
	ordered []*elect
	// created are the elections in the order in which they were made.
	created []*elect
	store   *store
	// claims of signatures on the ledger; most chains have none.
	claims uint64
	// A modulus serves once on a chain, an HPKE key once for each trustee.
	moduli   map[string]bool
	hpkeKeys map[hpkeUse]bool
}

func newVerifier(g *chain.Genesis) (*verifier, error) {
	v := &verifier{
		genesis: g, found: newFindings(),
		last:      chained{results: chain.ResultsHash(nil)},
		quorum:    int(g.State.Commission.Quorum),
		members:   map[string]bool{},
		proposals: map[[32]byte]*commissionv1.ProposalState{},
		byID:      map[[32]byte]*elect{},
		moduli:    map[string]bool{},
		hpkeKeys:  map[hpkeUse]bool{},
	}
	start := commission.Genesis{Quorum: g.State.Commission.Quorum}
	for _, m := range g.State.Commission.Members {
		start.Members = append(start.Members, commission.Member{Name: m.Name, Role: m.Role, Key: m.Key})
		v.members[string(m.Key)] = true
	}
	if err := start.Validate(); err != nil {
		return nil, fmt.Errorf("app_state: %w", err)
	}
	if g.State.Rules != 1 {
		return nil, fmt.Errorf("app_state.rules: version %d is not known to this program", g.State.Rules)
	}
	return v, nil
}

// elect is an election.
type elect struct {
	id [32]byte
	// number in the order of creation, from 0.
	number   uint32
	def      *electionv1.Definition
	defBytes []byte
	created  int64
	// cancelling: cancelled in the block at hand.
	cancelling bool
	zones      []*zone

	staged map[styleOf]*staged
	// roll as approved; nil before. Its author's staged trees hold its entries.
	roll  *rollv1.Roll
	sizes []uint64
	// rolls are the sizes by token class.
	rolls   []uint64
	removed []*bitmap
	issued  []*bitmap
	classes []*class
	sums    map[cell]*sum
	forms   map[uint32]*ballot.Form
}

// zone of an election.
type zone struct {
	election *elect
	index    uint32
	state    electionv1.ZoneState
	ceremony *keyMaking
	key      *ceremonyv1.ElectionKey
	list     counted

	units  *tallyv1.Units
	shares map[uint32]*tallyv1.DecryptionShare
	// counting: whose shares make the result; nil before the first share.
	counting *tallyv1.CountingTrustees
	result   *tallyv1.Result
	consent  bool
	protocol *tallyv1.Protocol
	approved bool
}

// cell is a counting group and contest.
type cell struct{ group, contest uint32 }

func newElect(id [32]byte, def *electionv1.Definition, height int64) *elect {
	e := &elect{
		id: id, def: def, defBytes: ledger.MustEncode(def), created: height,
		staged: map[styleOf]*staged{}, sizes: make([]uint64, len(def.Styles)), rolls: make([]uint64, len(def.Classes)),
		sums: map[cell]*sum{}, forms: map[uint32]*ballot.Form{},
	}
	for range def.Styles {
		e.removed = append(e.removed, new(bitmap))
		e.issued = append(e.issued, new(bitmap))
	}
	for i := range def.Classes {
		e.classes = append(e.classes, newClass(def, uint32(i)))
	}
	return e
}

// put adds an election in order of its id.
func (v *verifier) put(e *elect) {
	e.number = uint32(len(v.created))
	v.created = append(v.created, e)
	v.byID[e.id] = e
	i, _ := slices.BinarySearchFunc(v.ordered, e.id, func(x *elect, id [32]byte) int { return bytes.Compare(x.id[:], id[:]) })
	v.ordered = slices.Insert(v.ordered, i, e)
}

// find finds the election that a message of a module names.
func (v *verifier) find(module string, id []byte) (*elect, error) {
	if len(id) != 32 {
		return nil, breaks(module+"/malformed", "election_id", "%d bytes", len(id))
	}
	e, ok := v.byID[[32]byte(id)]
	if !ok {
		return nil, breaks(module+"/unknown-election", "election_id", "no election %x on this chain", id)
	}
	return e, nil
}

// findZone finds the zone that a message names.
func (v *verifier) findZone(module string, id []byte, index uint32) (*zone, error) {
	e, err := v.find(module, id)
	if err != nil {
		return nil, err
	}
	if int64(index) >= int64(len(e.zones)) {
		return nil, breaks(module+"/unknown-zone", "zone", "%d, the election has %d zones", index, len(e.zones))
	}
	return e.zones[index], nil
}

// each visits the zones that are in a phase, by election and zone.
func (v *verifier) each(phase electionv1.Phase, visit func(z *zone)) {
	var list []*zone
	for _, e := range v.ordered {
		for _, z := range e.zones {
			if z.state.Phase == phase {
				list = append(list, z)
			}
		}
	}
	for _, z := range list {
		visit(z)
	}
}

// beginBlock applies what is due, before any transaction.
func (v *verifier) beginBlock(ctx ledger.Context) {
	v.deadlines(ctx)
	v.ceremonyBegin(ctx)
}

// endBlock applies what the block's transactions leave for its end.
func (v *verifier) endBlock(ctx ledger.Context) {
	v.endCancelled(ctx)
	v.ceremonyEnd(ctx)
	v.continueLists()
	v.countZones(ctx)
}

// bitmap has a bit for each position of a style's roll.
type bitmap struct {
	chunks [][]byte
	count  uint64
}

const (
	chunkBytes     = 1024
	chunkPositions = chunkBytes * 8
)

func (b *bitmap) has(i uint64) bool {
	c := i / chunkPositions
	return c < uint64(len(b.chunks)) && b.chunks[c] != nil && b.chunks[c][i%chunkPositions/8]>>(i%8)&1 == 1
}

func (b *bitmap) set(i uint64) {
	c := i / chunkPositions
	for uint64(len(b.chunks)) <= c {
		b.chunks = append(b.chunks, nil)
	}
	if b.chunks[c] == nil {
		b.chunks[c] = make([]byte, chunkBytes)
	}
	b.chunks[c][i%chunkPositions/8] |= 1 << (i % 8)
	b.count++
}

// root is the RFC 6962 root over as many chunks as a roll of this size needs.
func (b *bitmap) root(size uint64) merkle.Hash {
	var f merkle.Frontier
	zero := make([]byte, chunkBytes)
	for c := uint64(0); c*chunkPositions < size; c++ {
		chunk := zero
		if c < uint64(len(b.chunks)) && b.chunks[c] != nil {
			chunk = b.chunks[c]
		}
		if err := f.Append(merkle.LeafHash(chunk), nil); err != nil {
			panic("verify: tree of chunks in memory: " + err.Error())
		}
	}
	return f.Root()
}

// object is a named part of an election's summary.
type object struct {
	name  string
	bytes []byte
}

// objects computes an election's summary, ascending by name.
func (v *verifier) objects(e *elect) []object {
	var out []object
	add := func(name string, b []byte) { out = append(out, object{name, b}) }
	add("definition", e.defBytes)
	for i, z := range e.zones {
		add(fmt.Sprintf("zone/%d", i), ledger.MustEncode(&z.state))
		v.ceremonyObjects(z, add)
		tallyObjects(z, add)
	}
	rollObjects(e, add)
	issuanceObjects(e, add)
	ballotObjects(e, add)
	slices.SortFunc(out, func(a, b object) int { return cmp.Compare(a.name, b.name) })
	return out
}

func short(id []byte) string { return hex.EncodeToString(id[:min(4, len(id))]) }
