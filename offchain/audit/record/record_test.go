package record_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/chainid"
)

// source is a chain of one validator without an application.
type source struct {
	t       *testing.T
	key     ed25519.PrivKey
	set     *types.ValidatorSet
	chainID string
	genesis []byte
	blocks  []*types.Block
	commits []*types.Commit
	ids     []types.BlockID
	// most blocks that one answer has.
	most int64
	// asked is how many blocks were given.
	asked atomic.Int64
}

var start = time.Unix(1_800_000_000, 0).UTC()

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{t: t, key: ed25519.GenPrivKey(), most: 7}
	v := types.NewValidator(s.key.PubKey(), 1)
	s.set = types.NewValidatorSet([]*types.Validator{v})
	doc := types.GenesisDoc{GenesisTime: start, ChainID: "none", InitialHeight: 1, ConsensusParams: types.DefaultConsensusParams(),
		Validators: []types.GenesisValidator{{Address: v.Address, PubKey: v.PubKey, Power: 1}},
		AppState:   json.RawMessage(`{"rehearsal":true,"rules":1,"commission":{"quorum":1,"members":[]}}`)}
	file := filepath.Join(t.TempDir(), "genesis.json")
	save := func() []byte {
		if err := doc.SaveAs(file); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var err error
	if s.chainID, err = chainid.Make("urna-record", save()); err != nil {
		t.Fatal(err)
	}
	doc.ChainID = s.chainID
	s.genesis = save()
	return s
}

// grow adds blocks with a transaction each.
func (s *source) grow(n int) {
	s.t.Helper()
	for range n {
		height := int64(len(s.blocks) + 1)
		last, lastID := &types.Commit{}, types.BlockID{}
		if height > 1 {
			last, lastID = s.commits[height-2], s.ids[height-2]
		}
		b := types.MakeBlock(height, []types.Tx{fmt.Append(nil, "tx ", height)}, last, nil)
		at := start.Add(time.Duration(height) * time.Second)
		b.Header.Populate(cmtversion.Consensus{Block: 11}, s.chainID, at, lastID, s.set.Hash(), s.set.Hash(),
			types.DefaultConsensusParams().Hash(), make([]byte, 32), nil, s.set.Validators[0].Address)
		parts, err := b.MakePartSet(types.BlockPartSizeBytes)
		if err != nil {
			s.t.Fatal(err)
		}
		id := types.BlockID{Hash: b.Hash(), PartSetHeader: parts.Header()}
		vote := types.Vote{Type: cmtproto.PrecommitType, Height: height, BlockID: id, Timestamp: at.Add(time.Second), ValidatorAddress: s.set.Validators[0].Address}
		sig, err := s.key.Sign(types.VoteSignBytes(s.chainID, vote.ToProto()))
		if err != nil {
			s.t.Fatal(err)
		}
		s.blocks, s.ids = append(s.blocks, b), append(s.ids, id)
		s.commits = append(s.commits, &types.Commit{Height: height, BlockID: id, Signatures: []types.CommitSig{
			{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: vote.ValidatorAddress, Timestamp: vote.Timestamp, Signature: sig}}})
	}
}

func (s *source) Status(context.Context) (*api.Status, error) {
	return &api.Status{ChainID: s.chainID, Height: int64(len(s.blocks))}, nil
}

func (s *source) Blocks(_ context.Context, from, to int64) ([][]byte, error) {
	var out [][]byte
	for h := from; h <= min(to, from+s.most-1); h++ {
		pb, err := s.blocks[h-1].ToProto()
		if err != nil {
			return nil, err
		}
		b, err := pb.Marshal()
		if err != nil {
			return nil, err
		}
		s.asked.Add(1)
		out = append(out, b)
	}
	return out, nil
}

func (s *source) CommitAt(_ context.Context, height int64) ([]byte, error) {
	return s.commits[height-1].ToProto().Marshal()
}

func (s *source) Elections(context.Context) ([]api.Election, error) { return nil, nil }

func (s *source) ProvenRaw(context.Context, [32]byte, ...string) (*chain.Proven, *api.Proven, error) {
	return nil, nil, errors.New("there is no election")
}

func (s *source) fetch(dir string) (*record.Record, error) {
	return record.Fetch(context.Background(), record.Request{Source: s, Genesis: s.genesis, Dir: dir})
}

func (s *source) mustFetch(dir string) *record.Record {
	s.t.Helper()
	r, err := s.fetch(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// read streams a record and returns the heights.
func read(r *record.Record) (heights []int64, err error) {
	for b, e := range r.Blocks() {
		if e != nil {
			return heights, e
		}
		heights = append(heights, b.Header.Height)
	}
	return heights, nil
}

func TestARecordHoldsEveryBlockInOrder(t *testing.T) {
	s := newSource(t)
	s.grow(1003) // more than a chunk
	r := s.mustFetch(t.TempDir())
	heights, err := read(r)
	if err != nil || len(heights) != 1003 || heights[0] != 1 || heights[1002] != 1003 {
		t.Fatalf("%d blocks, %v", len(heights), err)
	}
	if r.First() != 1 || r.Last() != 1003 || r.ChainID() != s.chainID || string(r.Genesis()) != string(s.genesis) {
		t.Errorf("%d to %d of %s", r.First(), r.Last(), r.ChainID())
	}
	files, err := os.ReadDir(filepath.Join(r.Dir(), "blocks"))
	if err != nil || len(files) != 2 || files[1].Name() != "0000001001.blocks" {
		t.Errorf("%v, %v", files, err)
	}
}

func TestARecordIsContinuedWhereItEnds(t *testing.T) {
	s := newSource(t)
	s.grow(1005)
	dir := t.TempDir()
	s.mustFetch(dir)
	s.grow(10)
	s.asked.Store(0)
	r := s.mustFetch(dir)
	if heights, err := read(r); err != nil || len(heights) != 1015 {
		t.Fatalf("%d blocks, %v", len(heights), err)
	}
	if got := s.asked.Load(); got != 10 {
		t.Errorf("%d blocks were fetched again, 10 are new", got)
	}
	// Nothing new is no fault.
	if r, err := s.fetch(dir); err != nil || r.Last() != 1015 {
		t.Error(err)
	}
}

func TestWhatACrashLeftIsFetchedAgain(t *testing.T) {
	s := newSource(t)
	s.grow(20)
	dir := t.TempDir()
	s.mustFetch(dir)
	// A chunk that grew before the manifest was written, and a file begun.
	file := filepath.Join(dir, "blocks", "0000000001.blocks")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{file: append(b, 1, 2, 3), filepath.Join(dir, "blocks", ".partial-1"): []byte("x")} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.grow(5)
	r := s.mustFetch(dir)
	if heights, err := read(r); err != nil || len(heights) != 25 {
		t.Fatalf("%d blocks, %v", len(heights), err)
	}
}

func TestAStoppedFetchGoesOnWhereItStopped(t *testing.T) {
	s := newSource(t)
	s.grow(20)
	dir := t.TempDir()
	s.mustFetch(dir)
	s.grow(2000)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := record.Fetch(ctx, record.Request{Source: &stopping{s, ctx}, Genesis: s.genesis, Dir: dir, Progress: func(h, _ int64) {
		if h == 1500 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s.asked.Store(0)
	r := s.mustFetch(dir)
	if heights, err := read(r); err != nil || len(heights) != 2020 {
		t.Fatalf("%d blocks, %v", len(heights), err)
	}
	if got := s.asked.Load(); got != 1021 {
		t.Errorf("%d blocks were fetched, 1020 are not in a complete file, and of its last no commit was seen", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "fetching.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a note of the stopped fetch is left: %v", err)
	}
}

// stopping gives up when its context is cancelled, as a client does.
type stopping struct {
	*source
	ctx context.Context
}

func (s *stopping) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	if s.ctx.Err() != nil {
		return nil, s.ctx.Err()
	}
	return s.source.Blocks(ctx, from, to)
}

// Whatever is missing, cut off, altered or added is refused, and named.
func TestADamagedFileIsNamed(t *testing.T) {
	s := newSource(t)
	s.grow(1010)
	for name, c := range map[string]struct {
		file   string
		damage func(file string, b []byte) error
	}{
		"blocks truncated":   {"blocks/0000001001.blocks", func(f string, b []byte) error { return os.WriteFile(f, b[:len(b)-1], 0o644) }},
		"blocks empty":       {"blocks/0000000001.blocks", func(f string, _ []byte) error { return os.WriteFile(f, nil, 0o644) }},
		"blocks bit flipped": {"blocks/0000000001.blocks", flip},
		"blocks missing":     {"blocks/0000001001.blocks", func(f string, _ []byte) error { return os.Remove(f) }},
		"blocks added":       {"blocks/0000002001.blocks", func(f string, _ []byte) error { return os.WriteFile(f, []byte("x"), 0o644) }},
		"genesis flipped":    {"genesis.json", flip},
		"commit flipped":     {"head.commit", flip},
		"commit empty":       {"head.commit", func(f string, _ []byte) error { return os.WriteFile(f, nil, 0o644) }},
		"manifest empty":     {"manifest.json", func(f string, _ []byte) error { return os.WriteFile(f, nil, 0o644) }},
		"manifest truncated": {"manifest.json", func(f string, b []byte) error { return os.WriteFile(f, b[:len(b)/2], 0o644) }},
		"manifest foreign": {"manifest.json", func(f string, b []byte) error {
			return os.WriteFile(f, []byte(strings.Replace(string(b), "urna-record-1", "urna-record-9", 1)), 0o644)
		}},
		"manifest of another chain": {"manifest.json", func(f string, b []byte) error {
			return os.WriteFile(f, []byte(strings.Replace(string(b), `"chain_id": "`, `"chain_id": "x`, 1)), 0o644)
		}},
		"manifest escapes": {"manifest.json", func(f string, b []byte) error {
			return os.WriteFile(f, []byte(strings.Replace(string(b), "head.commit", "../../commit", 1)), 0o644)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s.mustFetch(dir)
			file := filepath.Join(dir, filepath.FromSlash(c.file))
			b, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if err := c.damage(file, b); err != nil {
				t.Fatal(err)
			}
			r, err := record.Open(dir)
			if err == nil {
				_, err = read(r)
			}
			if !errors.Is(err, record.ErrDamaged) || !strings.Contains(err.Error(), c.file) {
				t.Fatalf("%v", err)
			}
		})
	}
	if _, err := record.Open(t.TempDir()); err == nil {
		t.Error("an empty directory is a record")
	}
}

func flip(file string, b []byte) error {
	b[len(b)/2] ^= 4
	return os.WriteFile(file, b, 0o644)
}

func TestALyingNodeIsFoundWhileFetching(t *testing.T) {
	s, other := newSource(t), newSource(t)
	s.grow(12)
	other.grow(12)
	for name, c := range map[string]func() record.Request{
		"another chain": func() record.Request { return record.Request{Source: other, Genesis: s.genesis} },
		"blocks of another": func() record.Request {
			return record.Request{Source: &mixed{source: s, other: other}, Genesis: s.genesis}
		},
		"an unsigned end": func() record.Request { return record.Request{Source: &unsigned{s}, Genesis: s.genesis} },
		"no genesis":      func() record.Request { return record.Request{Source: s} },
		"too far":         func() record.Request { return record.Request{Source: s, Genesis: s.genesis, Until: 13} },
	} {
		q := c()
		q.Dir = t.TempDir()
		if _, err := record.Fetch(context.Background(), q); err == nil {
			t.Errorf("%s: fetched", name)
		}
		if _, err := os.Stat(filepath.Join(q.Dir, "manifest.json")); err == nil {
			t.Errorf("%s: there is a manifest", name)
		}
	}
	dir := t.TempDir()
	other.mustFetch(dir)
	if _, err := s.fetch(dir); err == nil {
		t.Error("a record of another chain was continued")
	}
}

// A node that gives blocks nobody signed is not listened to for long.
func TestBlocksWithoutACommitFillNoDisk(t *testing.T) {
	s := newSource(t)
	s.grow(1)
	lie := &endless{source: s}
	_, err := record.Fetch(context.Background(), record.Request{Source: lie, Genesis: s.genesis, Dir: t.TempDir()})
	if !errors.Is(err, chain.ErrCommit) || lie.given > 100 {
		t.Fatalf("after %d blocks: %v", lie.given, err)
	}
}

// A last block that a node made up does not keep another node from going on.
func TestWhatNoCommitIsOfIsFetchedAgain(t *testing.T) {
	s := newSource(t)
	s.grow(20)
	dir := t.TempDir()
	lie := &endless{source: s, fair: 16}
	if _, err := record.Fetch(context.Background(), record.Request{Source: lie, Genesis: s.genesis, Dir: dir}); err == nil {
		t.Fatal("fetched")
	}
	if _, err := s.fetch(dir); err != nil {
		t.Fatal(err)
	}
}

// endless gives blocks that follow each other and that nobody signed, for ever, or
// one at the end of fair ones.
type endless struct {
	*source
	fair  int64
	given int64
	made  []*types.Block
	// asking guards given and made: several ranges are asked for at once.
	asking sync.Mutex
}

func (e *endless) Status(ctx context.Context) (*api.Status, error) {
	s, err := e.source.Status(ctx)
	if err == nil {
		if s.Height = e.fair; e.fair == 0 {
			s.Height = 1 << 40
		}
	}
	return s, err
}

func (e *endless) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	e.asking.Lock()
	defer e.asking.Unlock()
	if e.fair > 0 {
		raws, err := e.source.Blocks(ctx, from, min(to, e.fair))
		if err == nil && from+int64(len(raws)) > e.fair {
			pb, err := e.blocks[e.fair-1].ToProto()
			if err != nil {
				return nil, err
			}
			pb.Header.AppHash = bytes.Repeat([]byte{1}, 32)
			if raws[len(raws)-1], err = pb.Marshal(); err != nil {
				return nil, err
			}
		}
		return raws, err
	}
	if e.given += to - from + 1; e.given > 5000 {
		return nil, errors.New("5,000 blocks were taken")
	}
	e.unsignedUntil(to)
	var out [][]byte
	for h := from; h <= to; h++ {
		pb, err := e.made[h-1].ToProto()
		if err != nil {
			return nil, err
		}
		b, err := pb.Marshal()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// unsignedUntil makes blocks up to a height, each with a commit of one signature that
// is none.
func (e *endless) unsignedUntil(to int64) {
	for h := int64(len(e.made)) + 1; h <= to; h++ {
		last, lastID := &types.Commit{}, types.BlockID{}
		if h > 1 {
			lastID = types.BlockID{Hash: e.made[h-2].Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: make([]byte, 32)}}
			last = &types.Commit{Height: h - 1, BlockID: lastID, Signatures: []types.CommitSig{
				{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: e.set.Validators[0].Address, Timestamp: start, Signature: make([]byte, 64)}}}
		}
		b := types.MakeBlock(h, nil, last, nil)
		b.Header.Populate(cmtversion.Consensus{Block: 11}, e.chainID, start.Add(time.Duration(h)*time.Second), lastID, e.set.Hash(), e.set.Hash(),
			types.DefaultConsensusParams().Hash(), make([]byte, 32), nil, e.set.Validators[0].Address)
		e.made = append(e.made, b)
	}
}

// mixed gives another chain's blocks from height 5 on.
type mixed struct {
	*source
	other *source
}

func (m *mixed) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	if from >= 5 {
		return m.other.Blocks(ctx, from, to)
	}
	return m.source.Blocks(ctx, from, min(to, 4))
}

// unsigned gives the commit of the block before.
type unsigned struct{ *source }

func (u *unsigned) CommitAt(ctx context.Context, height int64) ([]byte, error) {
	return u.source.CommitAt(ctx, height-1)
}
