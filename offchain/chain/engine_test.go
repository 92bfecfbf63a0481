package chain_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	mrand "math/rand/v2"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	sm "github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/offchain/chain"
)

// network signs as the engine does, with the engine's own code.
type network struct {
	t    testing.TB
	keys []ed25519.PrivKey // in the set's order
	set  *types.ValidatorSet
	ours *chain.ValidatorSet
}

func newNetwork(t testing.TB, powers ...int64) *network {
	t.Helper()
	n := &network{t: t}
	byAddress := map[string]ed25519.PrivKey{}
	var vals []*types.Validator
	var list []chain.Validator
	for _, p := range powers {
		k := ed25519.GenPrivKey()
		v := types.NewValidator(k.PubKey(), p)
		byAddress[string(v.Address)] = k
		vals = append(vals, v)
		list = append(list, chain.Validator{Key: [32]byte(k.PubKey().Bytes()), Power: p})
	}
	n.set = types.NewValidatorSet(vals)
	for _, v := range n.set.Validators {
		n.keys = append(n.keys, byAddress[string(v.Address)])
	}
	var err error
	if n.ours, err = chain.NewValidatorSet(list); err != nil {
		t.Fatal(err)
	}
	return n
}

// commit signs a block id; flags say who votes how.
func (n *network) commit(chainID string, height int64, round int32, id types.BlockID, flags []types.BlockIDFlag) *types.Commit {
	n.t.Helper()
	c := &types.Commit{Height: height, Round: round, BlockID: id}
	for i, flag := range flags {
		if flag == types.BlockIDFlagAbsent {
			c.Signatures = append(c.Signatures, types.NewCommitSigAbsent())
			continue
		}
		voted := id
		if flag == types.BlockIDFlagNil {
			voted = types.BlockID{}
		}
		v := types.Vote{
			Type: cmtproto.PrecommitType, Height: height, Round: round, BlockID: voted,
			Timestamp:        time.Unix(1700000000+int64(i)*7%5, int64(i)*1001).UTC(),
			ValidatorAddress: n.set.Validators[i].Address, ValidatorIndex: int32(i),
		}
		sig, err := n.keys[i].Sign(types.VoteSignBytes(chainID, v.ToProto()))
		if err != nil {
			n.t.Fatal(err)
		}
		c.Signatures = append(c.Signatures, types.CommitSig{BlockIDFlag: flag, ValidatorAddress: v.ValidatorAddress, Timestamp: v.Timestamp, Signature: sig})
	}
	return c
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func randomID() types.BlockID {
	return types.BlockID{Hash: randomBytes(32), PartSetHeader: types.PartSetHeader{Total: 1 + mrand.Uint32N(9), Hash: randomBytes(32)}}
}

func randomHeader(chainID string) *types.Header {
	h := &types.Header{
		Version: cmtversion.Consensus{Block: 11, App: mrand.Uint64N(3)},
		ChainID: chainID, Height: 1 + mrand.Int64N(1<<40),
		Time:        time.Unix(mrand.Int64N(1<<33), mrand.Int64N(2)*mrand.Int64N(1e9)).UTC(),
		LastBlockID: randomID(), LastCommitHash: randomBytes(32), DataHash: randomBytes(32),
		ValidatorsHash: randomBytes(32), NextValidatorsHash: randomBytes(32), ConsensusHash: randomBytes(32),
		AppHash: randomBytes(32), LastResultsHash: randomBytes(32), EvidenceHash: randomBytes(32), ProposerAddress: randomBytes(20),
	}
	if mrand.IntN(4) == 0 {
		h.LastBlockID, h.AppHash, h.LastResultsHash = types.BlockID{}, nil, nil
	}
	return h
}

func TestHeaderHashIsTheEngines(t *testing.T) {
	for range 200 {
		h := randomHeader("some-chain")
		b, err := h.ToProto().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := chain.DecodeHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chain.HeaderHash(decoded)
		if err != nil || !bytes.Equal(got[:], h.Hash()) {
			t.Fatalf("%x, %v, want %x of %v", got, err, h.Hash(), h)
		}
	}
}

func TestDataCommitAndResultsHashesAreTheEngines(t *testing.T) {
	n := newNetwork(t, 1, 2, 3)
	for count := range 9 {
		var txs types.Txs
		var raw, data [][]byte
		var results []*abci.ExecTxResult
		for range count {
			b := randomBytes(1 + mrand.IntN(300))
			d := randomBytes(8 * mrand.IntN(2))
			txs, raw, data = append(txs, b), append(raw, b), append(data, d)
			results = append(results, &abci.ExecTxResult{Data: d})
		}
		if got := chain.DataHash(raw); !bytes.Equal(got[:], txs.Hash()) {
			t.Errorf("data hash of %d: %x, want %x", count, got, txs.Hash())
		}
		if got, want := chain.ResultsHash(data), types.NewResults(results).Hash(); !bytes.Equal(got[:], want) {
			t.Errorf("results hash of %d: %x, want %x", count, got, want)
		}
	}
	c := n.commit("c", 5, 1, randomID(), []types.BlockIDFlag{types.BlockIDFlagCommit, types.BlockIDFlagAbsent, types.BlockIDFlagNil})
	if got, err := chain.CommitHash(c.ToProto()); err != nil || !bytes.Equal(got[:], c.Hash()) {
		t.Errorf("commit hash %x, %v, want %x", got, err, c.Hash())
	}
}

func TestValidatorSetHashIsTheEngines(t *testing.T) {
	for range 20 {
		var powers []int64
		for range 1 + mrand.IntN(12) {
			powers = append(powers, 1+mrand.Int64N(3))
		}
		n := newNetwork(t, powers...)
		if got := n.ours.Hash(); !bytes.Equal(got[:], n.set.Hash()) {
			t.Fatalf("%v: %x, want %x", powers, got, n.set.Hash())
		}
		for i, v := range n.ours.List() {
			if !bytes.Equal(v.Address(), n.set.Validators[i].Address) {
				t.Fatalf("%v: validator %d differs", powers, i)
			}
		}
	}
}

func TestCommitVerdictIsTheEngines(t *testing.T) {
	flags := []types.BlockIDFlag{types.BlockIDFlagAbsent, types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagNil}
	n := newNetwork(t, 10, 10, 7, 3, 1)
	verdicts := map[bool]int{}
	for range 300 {
		id := randomID()
		votes := make([]types.BlockIDFlag, 5)
		for i := range votes {
			votes[i] = flags[mrand.IntN(len(flags))]
		}
		c := n.commit("c", 7, 0, id, votes)
		spoil(c)
		want := n.set.VerifyCommit("c", id, 7, c)
		got := n.ours.VerifyCommit("c", 7, id.ToProto(), c.ToProto())
		if (got == nil) != (want == nil) {
			t.Fatalf("engine: %v, chain: %v", want, got)
		}
		if got != nil && !errors.Is(got, chain.ErrCommit) {
			t.Fatalf("class of %v", got)
		}
		verdicts[got == nil]++
	}
	if verdicts[true] == 0 || verdicts[false] == 0 {
		t.Fatalf("only one verdict occurred: %v", verdicts)
	}
}

// spoil damages a commit, sometimes.
func spoil(c *types.Commit) {
	i := mrand.IntN(len(c.Signatures))
	switch s := &c.Signatures[i]; mrand.IntN(9) {
	case 0:
		if len(s.Signature) > 0 {
			s.Signature[mrand.IntN(64)] ^= 1
		}
	case 1:
		s.Timestamp = s.Timestamp.Add(time.Nanosecond)
		if s.BlockIDFlag == types.BlockIDFlagAbsent {
			s.Timestamp = time.Time{}
		}
	case 2:
		c.Height++
	case 3:
		c.Signatures = c.Signatures[:len(c.Signatures)-1]
	case 4:
		c.Signatures[0], c.Signatures[1] = c.Signatures[1], c.Signatures[0]
	case 5:
		if s.BlockIDFlag == types.BlockIDFlagNil {
			s.BlockIDFlag = types.BlockIDFlagCommit
		}
	}
}

func TestOneValidatorCannotCountTwice(t *testing.T) {
	n := newNetwork(t, 1, 1, 1, 1)
	id := randomID()
	c := n.commit("c", 3, 0, id, []types.BlockIDFlag{types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagAbsent, types.BlockIDFlagAbsent})
	c.Signatures[2], c.Signatures[3] = c.Signatures[0], c.Signatures[1]
	if err := n.ours.VerifyCommit("c", 3, id.ToProto(), c.ToProto()); !errors.Is(err, chain.ErrCommit) {
		t.Fatalf("two validators passed for four: %v", err)
	}
}

func TestTwoThirdsAreNotEnough(t *testing.T) {
	n := newNetwork(t, 1, 1, 1)
	id := randomID()
	flags := []types.BlockIDFlag{types.BlockIDFlagCommit, types.BlockIDFlagCommit, types.BlockIDFlagAbsent}
	c := n.commit("c", 3, 0, id, flags)
	if err := n.ours.VerifyCommit("c", 3, id.ToProto(), c.ToProto()); !errors.Is(err, chain.ErrCommit) {
		t.Fatalf("two of three passed: %v", err)
	}
	flags[2] = types.BlockIDFlagCommit
	c = n.commit("c", 3, 0, id, flags)
	if err := n.ours.VerifyCommit("c", 3, id.ToProto(), c.ToProto()); err != nil {
		t.Fatal(err)
	}
	if err := n.ours.VerifyCommit("d", 3, id.ToProto(), c.ToProto()); !errors.Is(err, chain.ErrCommit) {
		t.Fatalf("a commit of another chain passed: %v", err)
	}
}

func TestMedianTimeIsTheEngines(t *testing.T) {
	n := newNetwork(t, 5, 4, 3, 2, 1)
	for range 50 {
		votes := []types.BlockIDFlag{types.BlockIDFlagCommit}
		for range 4 {
			votes = append(votes, types.BlockIDFlag(1+mrand.IntN(3)))
		}
		c := n.commit("c", 9, 0, randomID(), votes)
		for i := range c.Signatures {
			if votes[i] != types.BlockIDFlagAbsent {
				c.Signatures[i].Timestamp = time.Unix(mrand.Int64N(10), 0).UTC()
			}
		}
		want, err := sm.MedianTime(c, n.set)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := n.ours.MedianTime(c.ToProto()); err != nil || !got.Equal(want) {
			t.Fatalf("%v, %v, want %v", got, err, want)
		}
	}
}

func TestDecodersRefuseASecondSpelling(t *testing.T) {
	b, err := randomHeader("c").ToProto().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"empty":     nil,
		"truncated": b[:len(b)-1],
		"unknown":   append(bytes.Clone(b), 0xf8, 0x01, 0x01),
		"repeated":  append(bytes.Clone(b), b...),
	} {
		if h, err := chain.DecodeHeader(bad); err == nil {
			t.Errorf("%s: decoded %v", name, h)
		}
	}
}
