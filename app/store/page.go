package store

import (
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
)

// The ballot log is kept in pages: the entries that one block made, cut where a
// tile ends. A page is written once. Of the tree above the entries only nodes
// that span a tile or more are kept; what is within a tile is computed.
const (
	tileLevel = 8
	tileSize  = 1 << tileLevel
)

// page of the ballot log.
type page struct {
	first uint64
	// height of the block that made the entries, −1 if this node did not see it:
	// then there are no runs.
	height    int64
	elections [][32]byte
	runs      []run
	// hashes of the transactions, 32 bytes each.
	hashes []byte
}

// run of entries of one kind and election whose positions follow each other.
type run struct {
	count    uint64
	position uint32
	kind     uint32
	// election counts from 1 in the page's elections; 0 is none.
	election int
}

func (p *page) size() uint64 { return uint64(len(p.hashes) / merkle.HashSize) }

// add appends an entry.
func (p *page) add(e logged) {
	election := 0
	if e.ofElection {
		for election = len(p.elections); election > 0 && p.elections[election-1] != e.election; election-- {
		}
		if election == 0 {
			p.elections = append(p.elections, e.election)
			election = len(p.elections)
		}
	}
	p.hashes = append(p.hashes, e.hash[:]...)
	if n := len(p.runs); n > 0 {
		r := &p.runs[n-1]
		if r.kind == e.kind && r.election == election && r.position+uint32(r.count) == e.position {
			r.count++
			return
		}
	}
	p.runs = append(p.runs, run{count: 1, position: e.position, kind: e.kind, election: election})
}

// pages cuts the entries that a block made into pages. They ascend by index.
func pages(height int64, entries []logged) []*page {
	var out []*page
	for i, e := range entries {
		if i == 0 || e.index%tileSize == 0 {
			out = append(out, &page{first: e.index, height: height})
		}
		out[len(out)-1].add(e)
	}
	return out
}

// encode: u(height + 1) ‖ u(elections) ‖ ids ‖ u(runs) ‖ runs ‖ hashes, where u is
// an unsigned varint and a run is u(count) ‖ u(position) ‖ u(kind) ‖ u(election).
func (p *page) encode() []byte {
	b := make([]byte, 0, 24+32*len(p.elections)+12*len(p.runs)+len(p.hashes))
	b = binary.AppendUvarint(b, uint64(p.height+1))
	b = binary.AppendUvarint(b, uint64(len(p.elections)))
	for _, id := range p.elections {
		b = append(b, id[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(p.runs)))
	for _, r := range p.runs {
		for _, n := range []uint64{r.count, uint64(r.position), uint64(r.kind), uint64(r.election)} {
			b = binary.AppendUvarint(b, n)
		}
	}
	return append(b, p.hashes...)
}

// decodePage reads what encode wrote; it fails like a reader of the store.
func decodePage(key, value []byte) *page {
	p := &page{first: binary.BigEndian.Uint64(key[1:])}
	d := fields{b: value}
	p.height = int64(d.uvarint()) - 1
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		p.elections = append(p.elections, [32]byte(d.bytes(32)))
	}
	covered := uint64(0)
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		r := run{count: d.uvarint(), position: uint32(d.uvarint()), kind: uint32(d.uvarint()), election: int(d.uvarint())}
		d.bad = d.bad || r.election < 0 || r.election > len(p.elections)
		covered += r.count
		p.runs = append(p.runs, r)
	}
	p.hashes = append([]byte(nil), d.b...)
	n := p.size()
	if d.bad || len(d.b)%merkle.HashSize != 0 || n == 0 || p.first%tileSize+n > tileSize ||
		(p.height >= 0 && covered != n) || (p.height < 0 && covered != 0) {
		fail("read ballot log", fmt.Errorf("page at entry %d: %w", p.first, errCorrupt))
	}
	return p
}

// each visits the entries of the page from an index on.
func (p *page) each(from uint64, visit func(e Entry, election [32]byte) bool) bool {
	index := p.first
	one := func(e Entry, election [32]byte) bool {
		if e.Index < from {
			return true
		}
		e.Hash = [32]byte(p.hashes[(e.Index-p.first)*merkle.HashSize:])
		return visit(e, election)
	}
	for _, r := range p.runs {
		var id [32]byte
		if r.election > 0 {
			id = p.elections[r.election-1]
		}
		for i := range r.count {
			if !one(Entry{Index: index, Height: p.height, Position: r.position + uint32(i), Kind: r.kind}, id) {
				return false
			}
			index++
		}
	}
	for ; p.height < 0 && index < p.first+p.size(); index++ {
		if !one(Entry{Index: index, Height: p.height}, [32]byte{}) {
			return false
		}
	}
	return true
}

// fields reads an encoding; bad is set when it is none.
type fields struct {
	b   []byte
	bad bool
}

func (d *fields) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *fields) bytes(n int) []byte {
	if len(d.b) < n {
		d.bad = true
		return make([]byte, n)
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}
