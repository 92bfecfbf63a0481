package statesync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/log"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"

	"github.com/urna-vote/urna/node/statesync"
	"github.com/urna-vote/urna/proto/api"
)

const chainID = "join-test-0011223344556677"

// chain of signed headers.
type chain struct {
	doc     *types.GenesisDoc
	keys    []ed25519.PrivKey
	headers []types.Header // by height, from 1
	commits []*types.Commit
}

func appHash(height int) []byte { return bytes.Repeat([]byte{byte(height)}, 32) }

func newChain(t *testing.T, heights int, change func(h *types.Header)) *chain {
	t.Helper()
	c := &chain{doc: &types.GenesisDoc{ChainID: chainID, GenesisTime: time.Now().Add(-time.Hour), InitialHeight: 1, ConsensusParams: types.DefaultConsensusParams()}}
	for i := range 4 {
		key := ed25519.GenPrivKeyFromSecret([]byte{byte(i)})
		c.keys = append(c.keys, key)
		c.doc.Validators = append(c.doc.Validators, types.GenesisValidator{PubKey: key.PubKey(), Power: 10})
	}
	if err := c.doc.ValidateAndComplete(); err != nil {
		t.Fatal(err)
	}
	set := c.validators()
	last := types.BlockID{}
	for h := 1; h <= heights; h++ {
		header := types.Header{
			Version: cmtversion.Consensus{Block: version.BlockProtocol, App: 1}, ChainID: chainID, Height: int64(h),
			Time: c.doc.GenesisTime.Add(time.Duration(h) * time.Second), LastBlockID: last,
			LastCommitHash: appHash(1), DataHash: appHash(2), ValidatorsHash: set.Hash(), NextValidatorsHash: set.Hash(),
			ConsensusHash: c.doc.ConsensusParams.Hash(), AppHash: appHash(h - 1), LastResultsHash: appHash(3), EvidenceHash: appHash(4),
			ProposerAddress: set.Validators[0].Address,
		}
		if change != nil {
			change(&header)
		}
		last = types.BlockID{Hash: header.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: appHash(5)}}
		c.headers = append(c.headers, header)
		c.commits = append(c.commits, c.commit(t, set, header, last))
	}
	return c
}

func (c *chain) validators() *types.ValidatorSet {
	var all []*types.Validator
	for _, v := range c.doc.Validators {
		all = append(all, types.NewValidator(v.PubKey, v.Power))
	}
	return types.NewValidatorSet(all)
}

func (c *chain) commit(t *testing.T, set *types.ValidatorSet, h types.Header, id types.BlockID) *types.Commit {
	t.Helper()
	out := &types.Commit{Height: h.Height, BlockID: id}
	for _, v := range set.Validators {
		for _, key := range c.keys {
			if !bytes.Equal(key.PubKey().Address(), v.Address) {
				continue
			}
			vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: h.Height, BlockID: id.ToProto(), Timestamp: h.Time, ValidatorAddress: v.Address}
			signature, err := key.Sign(types.VoteSignBytes(chainID, vote))
			if err != nil {
				t.Fatal(err)
			}
			out.Signatures = append(out.Signatures, types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.Address, Timestamp: h.Time, Signature: signature})
		}
	}
	return out
}

// serve is the public interface of a node with this chain.
func (c *chain) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(api.Status{ChainID: chainID, Height: int64(len(c.headers))}); err != nil {
			t.Error(err)
		}
	})
	answer := func(w http.ResponseWriter, r *http.Request, marshal func(i int) ([]byte, error)) {
		var height int
		if _, err := fmt.Sscan(r.PathValue("height"), &height); err != nil || height < 1 || height > len(c.headers) {
			http.NotFound(w, r)
			return
		}
		b, err := marshal(height - 1)
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /v1/headers/{height}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(i int) ([]byte, error) { return c.headers[i].ToProto().Marshal() })
	})
	mux.HandleFunc("GET /v1/commits/{height}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(i int) ([]byte, error) { return c.commits[i].ToProto().Marshal() })
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func (c *chain) provider(t *testing.T, hash []byte, servers ...string) (*statesync.Provider, error) {
	t.Helper()
	p := statesync.New(c.doc, statesync.Trust{Servers: servers, Height: 2, Hash: hash, Period: 24 * time.Hour}, log.NewNopLogger())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return p, p.Prepare(ctx)
}

func TestStateOfAHeightFollowsFromTheTrustedHeader(t *testing.T) {
	c := newChain(t, 60, nil)
	p, err := c.provider(t, c.headers[1].Hash(), c.serve(t), c.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := p.AppHash(t.Context(), 50)
	if err != nil || !bytes.Equal(hash, appHash(50)) {
		t.Fatalf("application hash %x, %v", hash, err)
	}
	commit, err := p.Commit(t.Context(), 50)
	if err != nil || commit.Height != 50 {
		t.Fatal(commit, err)
	}
	s, err := p.State(t.Context(), 50)
	if err != nil {
		t.Fatal(err)
	}
	if s.LastBlockHeight != 50 || !bytes.Equal(s.AppHash, appHash(50)) || !bytes.Equal(s.LastBlockID.Hash, c.headers[49].Hash()) {
		t.Fatalf("state %+v", s)
	}
	// The turns to propose are those of a node that has seen every block.
	turn := c.validators()
	for h := 1; h < 50; h++ {
		turn.IncrementProposerPriority(1)
	}
	for _, set := range []*types.ValidatorSet{s.LastValidators, s.Validators, s.NextValidators} {
		for i, v := range turn.Validators {
			if got := set.Validators[i]; !bytes.Equal(got.Address, v.Address) || got.ProposerPriority != v.ProposerPriority {
				t.Fatalf("validator %d has priority %d, want %d", i, got.ProposerPriority, v.ProposerPriority)
			}
		}
		turn.IncrementProposerPriority(1)
	}
	if _, err := p.AppHash(t.Context(), 5000); err == nil {
		t.Fatal("a height that is not there has an application hash")
	}
}

func TestUntrustedHeadersAreRefused(t *testing.T) {
	c := newChain(t, 20, nil)
	trusted := c.headers[1].Hash()
	strangers := &chain{}
	*strangers = *newChain(t, 20, func(h *types.Header) { h.LastResultsHash = appHash(9) })
	for name, servers := range map[string][]string{
		"one server":             {c.serve(t)},
		"a server that is not":   {"http://127.0.0.1:1", "http://127.0.0.1:1"},
		"another chain of hash":  {strangers.serve(t), strangers.serve(t)},
		"the second contradicts": {c.serve(t), strangers.serve(t)},
	} {
		if _, err := c.provider(t, trusted, servers...); err == nil || !strings.Contains(err.Error(), "begin with a snapshot") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeaderWithoutItsCommitIsRefused(t *testing.T) {
	c := newChain(t, 60, nil)
	trusted := c.headers[1].Hash()
	c.headers[50].AppHash = appHash(77) // signed by nobody
	p, err := c.provider(t, trusted, c.serve(t), c.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	if hash, err := p.AppHash(t.Context(), 50); err == nil {
		t.Fatalf("application hash %x", hash)
	}
}

func TestChangeOfParametersOrValidatorsIsRefused(t *testing.T) {
	for name, change := range map[string]func(h *types.Header){
		"parameters":      func(h *types.Header) { h.ConsensusHash = appHash(8) },
		"next validators": func(h *types.Header) { h.NextValidatorsHash = appHash(8) },
	} {
		c := newChain(t, 30, func(h *types.Header) {
			if h.Height == 21 {
				change(h)
			}
		})
		p, err := c.provider(t, c.headers[1].Hash(), c.serve(t), c.serve(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.State(t.Context(), 20); err == nil {
			t.Errorf("%s changed: a state is made", name)
		}
	}
}
