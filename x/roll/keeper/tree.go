package keeper

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// tree is one staged tree: of an election, author and style.
type tree struct {
	id     [32]byte
	author []byte
	style  uint32
}

func (t tree) pageKey(page uint64) []byte {
	return roll.KeyPage.Key(t.id[:], t.author, ledger.U32(t.style), ledger.U64(page))
}

func (t tree) nodeKey(n merkle.NodeID) []byte {
	return roll.KeyNode.Key(t.id[:], t.author, ledger.U32(t.style), []byte{byte(n.Level)}, ledger.U64(n.Index))
}

// frontier is the right edge of the tree.
func (t tree) frontier(r ledger.Reader) *merkle.Frontier {
	b := r.Get(stagedKey(t.id, t.author, t.style))
	if b == nil {
		return new(merkle.Frontier)
	}
	f, err := merkle.UnmarshalFrontier(ledger.MustDecode[rollv1.StagedTree](b).Frontier)
	if err != nil {
		panic("roll: stored frontier: " + err.Error())
	}
	return f
}

// append adds entries, one after the other.
func (t tree) append(w ledger.Writer, entries []byte) error {
	f := t.frontier(w)
	page := append([]byte(nil), w.Get(t.pageKey(f.Size()/roll.PageEntries))...)
	for ; len(entries) > 0; entries = entries[roll.EntryBytes:] {
		entry := entries[:roll.EntryBytes]
		index := f.Size()
		w.Set(positionKey(t.id, t.author, entry), append(ledger.U32(t.style), ledger.U64(index)...))
		err := f.Append(roll.Leaf(entry), func(n merkle.NodeID, h merkle.Hash) {
			if n.Level >= roll.PageLevel {
				w.Set(t.nodeKey(n), h[:])
			}
		})
		if err != nil {
			return fmt.Errorf("append to staged tree: %w", err)
		}
		page = append(page, entry...)
		if len(page) == roll.PageEntries*roll.EntryBytes {
			w.Set(t.pageKey(index/roll.PageEntries), page)
			page = nil
		}
	}
	if len(page) > 0 {
		w.Set(t.pageKey(f.Size()/roll.PageEntries), page)
	}
	w.Set(stagedKey(t.id, t.author, t.style), ledger.MustEncode(&rollv1.StagedTree{Size_: f.Size(), Frontier: f.Marshal()}))
	return nil
}

// rootAt is the root the tree had at a size it has reached.
func (t tree) rootAt(r ledger.Reader, size uint64) merkle.Hash {
	f, err := merkle.FrontierAt(t.nodes(r), size)
	if err != nil {
		panic("roll: root of a staged tree: " + err.Error())
	}
	return f.Root()
}

// entries reads up to limit entries from a position, of those below size.
func (t tree) entries(r ledger.Reader, from, size uint64, limit int) [][]byte {
	var out [][]byte
	for from < size && len(out) < limit {
		page := r.Get(t.pageKey(from / roll.PageEntries))
		for i := from % roll.PageEntries; i < roll.PageEntries && from < size && len(out) < limit; i++ {
			out = append(out, page[i*roll.EntryBytes:(i+1)*roll.EntryBytes])
			from++
		}
	}
	return out
}

// nodes hands out the tree's nodes: stored from the page level up, below it
// computed from the page.
func (t tree) nodes(r ledger.Reader) merkle.NodeReader { return nodeReader{tree: t, r: r} }

type nodeReader struct {
	tree tree
	r    ledger.Reader
}

func (n nodeReader) Node(id merkle.NodeID) (merkle.Hash, error) {
	if id.Level >= roll.PageLevel {
		b := n.r.Get(n.tree.nodeKey(id))
		if b == nil {
			return merkle.Hash{}, fmt.Errorf("node %d of level %d: %w", id.Index, id.Level, merkle.ErrRange)
		}
		return merkle.Hash(b), nil
	}
	first := id.Index << id.Level
	page := n.r.Get(n.tree.pageKey(first / roll.PageEntries))
	begin := int(first%roll.PageEntries) * roll.EntryBytes
	end := begin + roll.EntryBytes<<id.Level
	if len(page) < end {
		return merkle.Hash{}, fmt.Errorf("node %d of level %d: %w", id.Index, id.Level, merkle.ErrRange)
	}
	return roll.Root(page[begin:end]), nil
}
