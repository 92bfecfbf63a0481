package entry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
)

const version = "urna entry proof 1"

// MaxSize limits a file in bytes.
const MaxSize = 4 << 20

// Classes of refusal.
var (
	// ErrFormat: the file is no proof, or written in a second spelling.
	ErrFormat = errors.New("not a file of an entry's proof")
	// ErrProof: the proof does not follow from the genesis.
	ErrProof = errors.New("the file does not prove what it says of its entry")
	// ErrNotInRoll: the node knows no such entry.
	ErrNotInRoll = errors.New("the entry is not in the approved roll")
)

// Proof says what the ledger had of an entry at one height.
type Proof struct {
	ChainID  string
	Election [32]byte
	Entry    [32]byte
	Proven   api.Proven
	Place    api.RollEntry
}

// Standing is what a proof proves.
type Standing struct {
	chain.Place
	// Size of the style's roll.
	Size uint64
	// Height and TimeMS of the state, the time as Unix milliseconds.
	Height int64
	TimeMS int64
}

// file is the JSON form.
type file struct {
	Version  string        `json:"version"`
	ChainID  string        `json:"chain_id"`
	Election api.Hex       `json:"election"`
	Entry    api.Hex       `json:"entry"`
	Proven   api.Proven    `json:"proven"`
	Place    api.RollEntry `json:"place"`
}

// Encode writes the file.
func (p *Proof) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(file{version, p.ChainID, p.Election[:], p.Entry[:], p.Proven, p.Place}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write proof of an entry: %w", err)
	}
	return append(b, '\n'), nil
}

// Parse reads the file. Refusal: ErrFormat.
func Parse(b []byte) (*Proof, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("read proof of an entry: %d bytes: %w", len(b), ErrFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f file
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("read proof of an entry: %w: %w", ErrFormat, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || f.Version != version || len(f.Election) != 32 || len(f.Entry) != 32 {
		return nil, fmt.Errorf("read proof of an entry: version, election, entry or end: %w", ErrFormat)
	}
	p := &Proof{ChainID: f.ChainID, Election: [32]byte(f.Election), Entry: [32]byte(f.Entry), Proven: f.Proven, Place: f.Place}
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("read proof of an entry: a second spelling: %w", ErrFormat)
	}
	return p, nil
}

// Verify checks the proof by the genesis alone. Refusal: ErrProof.
func (p *Proof) Verify(trust *chain.Trust) (*Standing, error) {
	if p.ChainID != trust.ChainID() {
		return nil, fmt.Errorf("check entry: the file is of chain %q, the genesis of %q: %w", p.ChainID, trust.ChainID(), ErrProof)
	}
	proven, err := trust.VerifyProven(p.Election, &p.Proven)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	place, err := proven.VerifyRollEntry(p.Entry, &p.Place)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return &Standing{Place: *place, Size: p.Place.Size, Height: proven.Head.Height, TimeMS: proven.Leaves.TimeMS}, nil
}

// Node is what Fetch asks; client.Client is one.
type Node interface {
	ProvenRaw(ctx context.Context, election [32]byte, objects ...string) (*chain.Proven, *api.Proven, error)
	RollEntry(ctx context.Context, election, entry [32]byte) (*api.RollEntry, error)
	Trust() *chain.Trust
}

// Both answers must be of one height; the ledger goes on between them.
const (
	tries = 40
	pause = 100 * time.Millisecond
)

// Fetch asks a node for the proof and checks it. Refusals: ErrNotInRoll, and
// ErrProof where the node's answers do not lead to what validators signed.
func Fetch(ctx context.Context, node Node, election, entry [32]byte) (*Proof, *Standing, error) {
	for range tries {
		place, err := node.RollEntry(ctx, election, entry)
		if errors.Is(err, client.ErrNotFound) {
			return nil, nil, fmt.Errorf("entry %x of election %x: %w", entry[:4], election[:4], ErrNotInRoll)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("find entry: %w", err)
		}
		_, proven, err := node.ProvenRaw(ctx, election, "roll", fmt.Sprintf("issued/%d", place.Style))
		if err != nil {
			return nil, nil, fmt.Errorf("prove roll: %w", err)
		}
		if proven.Head.Height == place.Height {
			p := &Proof{ChainID: node.Trust().ChainID(), Election: election, Entry: entry, Proven: *proven, Place: *place}
			standing, err := p.Verify(node.Trust())
			return p, standing, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil, nil, errors.New("prove entry: the ledger moves faster than this node answers; try again, or ask another node")
}
