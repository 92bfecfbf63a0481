package verify

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/election"
)

// savedState is the verifier's state between two blocks, without the tables.
type savedState struct {
	Header    []byte
	Hash      [32]byte
	Results   [32]byte
	Began     int64
	Log       []byte
	Proposals map[[32]byte][]byte
	// Elections in the order in which they were made.
	Elections []savedElection
	Moduli    []string
	HPKE      []savedUse
	Claims    uint64
	Made      map[string]uint64
	Failed    map[string]uint64
	Findings  []Finding
	More      uint64
}

type savedUse struct{ Key, Trustee string }

type savedElection struct {
	Definition []byte
	Created    int64
	Zones      []savedZone
	Staged     []savedStaged
	Roll       optional
	Sizes      []uint64
	Rolls      []uint64
	Removed    []savedBits
	Issued     []savedBits
	Classes    []savedClass
	Sums       []savedSum
}

type savedStaged struct {
	Author   string
	Style    uint32
	Edge     []byte
	Stagings uint64
}

type savedBits struct {
	Chunks [][]byte
	Count  uint64
}

type savedClass struct {
	Record                    []byte
	Issued, Accepted, Recasts uint64
	PanelIssued, PanelUsed    []uint64
}

type savedSum struct {
	Group, Contest uint32
	Ballots        uint64
	Sum            []byte
}

// optional is a message that may be absent: some are encoded as no bytes.
type optional struct {
	Is    bool
	Bytes []byte
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// saver encodes messages; its first error stays.
type saver struct{ err error }

func saveMessage[T any, M message[T]](s *saver, m M) optional {
	if m == nil {
		return optional{}
	}
	b, err := m.Marshal()
	s.err = cmp.Or(s.err, err)
	return optional{Is: true, Bytes: b}
}

func loadMessage[T any, M message[T]](s *saver, o optional) M {
	if !o.Is {
		return nil
	}
	m := M(new(T))
	s.err = cmp.Or(s.err, m.Unmarshal(o.Bytes))
	return m
}

func (v *verifier) save(to *savedState) error {
	s := new(saver)
	found := v.found.clone()
	*to = savedState{
		Header: saveMessage(s, v.last.header).Bytes, Hash: v.last.hash, Results: v.last.results, Began: v.began,
		Log: v.log.Marshal(), Proposals: map[[32]byte][]byte{}, Claims: v.claims,
		Made: found.made, Failed: found.failed, Findings: found.list, More: found.more,
	}
	for id, p := range v.proposals {
		to.Proposals[id] = saveMessage(s, p).Bytes
	}
	for m := range v.moduli {
		to.Moduli = append(to.Moduli, m)
	}
	for u := range v.hpkeKeys {
		to.HPKE = append(to.HPKE, savedUse{u.key, u.trustee})
	}
	for _, e := range v.created {
		to.Elections = append(to.Elections, e.save(s))
	}
	return s.err
}

func (v *verifier) load(from *savedState) error {
	s := new(saver)
	v.last = chained{header: loadMessage[chain.Header](s, optional{true, from.Header}), hash: from.Hash, results: from.Results}
	v.began, v.claims = from.Began, from.Claims
	log, err := merkle.UnmarshalFrontier(from.Log)
	if err != nil {
		return err
	}
	v.log = *log
	for id, b := range from.Proposals {
		v.proposals[id] = loadMessage[commissionv1.ProposalState](s, optional{true, b})
	}
	for _, m := range from.Moduli {
		v.moduli[m] = true
	}
	for _, u := range from.HPKE {
		v.hpkeKeys[hpkeUse{u.Key, u.Trustee}] = true
	}
	for i := range from.Elections {
		e, err := loadElection(s, v.genesis.ChainID, &from.Elections[i])
		if err != nil {
			return fmt.Errorf("election %d: %w", i, err)
		}
		v.put(e)
	}
	for name, n := range from.Made {
		v.found.made[name] = n
	}
	for name, n := range from.Failed {
		v.found.failed[name] = n
	}
	v.found.list, v.found.more = from.Findings, from.More
	return s.err
}

func (e *elect) save(s *saver) savedElection {
	out := savedElection{
		Definition: e.defBytes, Created: e.created, Roll: saveMessage(s, e.roll), Sizes: e.sizes, Rolls: e.rolls,
		Removed: saveBits(e.removed), Issued: saveBits(e.issued),
	}
	for _, z := range e.zones {
		out.Zones = append(out.Zones, z.save(s))
	}
	for at, t := range e.staged {
		out.Staged = append(out.Staged, savedStaged{at.author, at.style, t.frontier.Marshal(), t.stagings})
	}
	for _, c := range e.classes {
		x := savedClass{Record: saveMessage(s, c.record).Bytes, Issued: c.issued, Accepted: c.accepted, Recasts: c.recasts}
		for _, p := range c.panels {
			x.PanelIssued, x.PanelUsed = append(x.PanelIssued, p.issued), append(x.PanelUsed, p.accepted)
		}
		out.Classes = append(out.Classes, x)
	}
	for at, sum := range e.sums {
		out.Sums = append(out.Sums, savedSum{at.group, at.contest, sum.ballots, sum.total.Encode()})
	}
	return out
}

func loadElection(s *saver, chainID string, from *savedElection) (*elect, error) {
	def := loadMessage[electionv1.Definition](s, optional{true, from.Definition})
	e := newElect(election.DefinitionID(chainID, def), def, from.Created)
	if !bytes.Equal(e.defBytes, from.Definition) || len(from.Zones) != len(def.Zones) || len(from.Classes) != len(def.Classes) ||
		len(from.Sizes) != len(def.Styles) || len(from.Removed) != len(def.Styles) || len(from.Issued) != len(def.Styles) || len(from.Rolls) != len(def.Classes) {
		return nil, errUnfit
	}
	e.roll, e.sizes, e.rolls = loadMessage[rollv1.Roll](s, from.Roll), from.Sizes, from.Rolls
	e.removed, e.issued = loadBits(from.Removed), loadBits(from.Issued)
	for i := range from.Zones {
		e.zones = append(e.zones, loadZone(s, e, uint32(i), &from.Zones[i]))
	}
	for _, t := range from.Staged {
		edge, err := merkle.UnmarshalFrontier(t.Edge)
		if err != nil {
			return nil, err
		}
		e.staged[styleOf{t.Author, t.Style}] = &staged{frontier: *edge, stagings: t.Stagings}
	}
	for i, x := range from.Classes {
		c := e.classes[i]
		if len(x.PanelIssued) != len(c.panels) || len(x.PanelUsed) != len(c.panels) {
			return nil, errUnfit
		}
		s.err = cmp.Or(s.err, unmarshalInto(c.record, x.Record))
		c.issued, c.accepted, c.recasts = x.Issued, x.Accepted, x.Recasts
		for p := range c.panels {
			c.panels[p] = panelCount{x.PanelIssued[p], x.PanelUsed[p]}
		}
	}
	for _, x := range from.Sums {
		total, err := elgamal.DecodeSum(len(x.Sum)/group.Size-1, x.Sum)
		if err != nil {
			return nil, err
		}
		e.sums[cell{x.Group, x.Contest}] = &sum{ballots: x.Ballots, total: total}
	}
	return e, s.err
}

// unmarshalInto reads a message anew.
func unmarshalInto(m interface {
	Reset()
	Unmarshal([]byte) error
}, b []byte) error {
	m.Reset()
	return m.Unmarshal(b)
}

func saveBits(list []*bitmap) []savedBits {
	out := make([]savedBits, len(list))
	for i, b := range list {
		out[i] = savedBits{b.chunks, b.count}
	}
	return out
}

func loadBits(list []savedBits) []*bitmap {
	out := make([]*bitmap, len(list))
	for i, b := range list {
		out[i] = &bitmap{chunks: b.Chunks, count: b.Count}
		for j, c := range b.Chunks {
			if len(c) != chunkBytes {
				out[i].chunks[j] = nil // one without a bit is not kept
			}
		}
	}
	return out
}
