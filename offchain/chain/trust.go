package chain

import (
	"bytes"
	"fmt"
	"time"

	"github.com/urna-vote/urna/proto/api"
)

// Trust is a validator set that was followed from a genesis. It is immutable
// and safe for concurrent use.
type Trust struct {
	genesis *Genesis
	set     *ValidatorSet
}

// NewTrust begins at the genesis.
func NewTrust(g *Genesis) *Trust { return &Trust{genesis: g, set: g.Validators} }

// ParseTrust reads a genesis file and begins there.
func ParseTrust(genesis []byte) (*Trust, error) {
	g, err := ParseGenesis(genesis)
	if err != nil {
		return nil, err
	}
	return NewTrust(g), nil
}

// ChainID of the chain.
func (t *Trust) ChainID() string { return t.genesis.ChainID }

// Rehearsal reports whether the chain is one of a rehearsal.
func (t *Trust) Rehearsal() bool { return t.genesis.State.Rehearsal }

// Genesis from which trust began.
func (t *Trust) Genesis() *Genesis { return t.genesis }

// Validators that are trusted.
func (t *Trust) Validators() *ValidatorSet { return t.set }

// Head is a state whose application hash a trusted commit signs.
type Head struct {
	// Height of the state; the header that names its hash is one higher.
	Height  int64
	AppHash [32]byte
	// Header that was checked, and its hash.
	Header *Header
	Hash   [32]byte
	// Time of that header.
	Time time.Time
}

// VerifyHead checks a head as a node gives it.
func (t *Trust) VerifyHead(h api.Head) (*Head, error) {
	header, err := DecodeHeader(h.Header)
	if err != nil {
		return nil, err
	}
	commit, err := DecodeCommit(h.Commit)
	if err != nil {
		return nil, err
	}
	if header.Height != h.Height+1 {
		return nil, fmt.Errorf("check head of height %d: the header is of height %d, want %d", h.Height, header.Height, h.Height+1)
	}
	return t.VerifyHeader(header, commit)
}

// VerifyHeader checks that a commit of the trusted validators signs a header.
func (t *Trust) VerifyHeader(header *Header, commit *Commit) (*Head, error) {
	want := t.set.Hash()
	switch {
	case header.ChainID != t.genesis.ChainID:
		return nil, fmt.Errorf("check header %d: it is of chain %q, want %q", header.Height, header.ChainID, t.genesis.ChainID)
	case header.Height < t.genesis.InitialHeight:
		return nil, fmt.Errorf("check header %d: below the first height %d", header.Height, t.genesis.InitialHeight)
	case !bytes.Equal(header.ValidatorsHash, want[:]):
		return nil, fmt.Errorf("check header %d: validators %x are not the trusted %x", header.Height, header.ValidatorsHash, want)
	case len(header.AppHash) != hashSize && header.Height > t.genesis.InitialHeight:
		return nil, fmt.Errorf("check header %d: application hash of %d bytes", header.Height, len(header.AppHash))
	}
	hash, err := HeaderHash(header)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(commit.BlockID.Hash, hash[:]) {
		return nil, fmt.Errorf("check header %d: its hash is %x, the commit is for %x: %w", header.Height, hash, commit.BlockID.Hash, ErrCommit)
	}
	if err := t.set.VerifyCommit(t.genesis.ChainID, header.Height, commit.BlockID, commit); err != nil {
		return nil, err
	}
	head := &Head{Height: header.Height - 1, Header: header, Hash: hash, Time: header.Time}
	copy(head.AppHash[:], header.AppHash)
	return head, nil
}

// Follow trusts the validator set that a trusted header names as the next.
func (t *Trust) Follow(head *Head, next *ValidatorSet) (*Trust, error) {
	want := next.Hash()
	if !bytes.Equal(head.Header.NextValidatorsHash, want[:]) {
		return nil, fmt.Errorf("follow validators after height %d: the header names %x, the set is %x",
			head.Header.Height, head.Header.NextValidatorsHash, want)
	}
	return &Trust{genesis: t.genesis, set: next}, nil
}
