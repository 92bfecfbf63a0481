package chaintest

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/chainid"
)

const appState = `{"rehearsal":false,"rules":1,"commission":{"quorum":1,"members":[{"name":"A","role":"chair","key":"` +
	`0000000000000000000000000000000000000000000000000000000000000001"}]}}`

// Signer is a chain's validators, who sign as the engine does.
type Signer struct {
	Trust *chain.Trust
	// Genesis is the chain's file, there until the test ends.
	Genesis string

	keys []ed25519.PrivKey
	set  *types.ValidatorSet
}

// New makes a chain with keys of its own.
func New(t testing.TB, validators int) *Signer {
	t.Helper()
	s := &Signer{Genesis: filepath.Join(t.TempDir(), "genesis.json")}
	byAddress := map[string]ed25519.PrivKey{}
	var list []*types.Validator
	doc := types.GenesisDoc{
		GenesisTime: time.Unix(1700000000, 0).UTC(), ChainID: "none", InitialHeight: 1,
		ConsensusParams: types.DefaultConsensusParams(), AppState: json.RawMessage(appState),
	}
	for range validators {
		k := ed25519.GenPrivKey()
		v := types.NewValidator(k.PubKey(), 10)
		byAddress[string(v.Address)] = k
		list = append(list, v)
		doc.Validators = append(doc.Validators, types.GenesisValidator{Address: v.Address, PubKey: v.PubKey, Power: 10, Name: "v"})
	}
	s.set = types.NewValidatorSet(list)
	for _, v := range s.set.Validators {
		s.keys = append(s.keys, byAddress[string(v.Address)])
	}
	write := func() []byte {
		if err := doc.SaveAs(s.Genesis); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(s.Genesis)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var err error
	if doc.ChainID, err = chainid.Make("urna-chaintest", write()); err != nil {
		t.Fatal(err)
	}
	if s.Trust, err = chain.ParseTrust(write()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Head signs the application hash of the leaves as the state of a height.
func (s *Signer) Head(t testing.TB, height int64, leaves api.AppLeaves) api.Head {
	t.Helper()
	app, err := chain.AppHash(leaves)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(what string) []byte { h := sha256.Sum256([]byte(what)); return h[:] }
	h := &types.Header{
		Version: cmtversion.Consensus{Block: 11, App: 1}, ChainID: s.Trust.ChainID(), Height: height + 1, Time: time.Unix(1700000100, 5000).UTC(),
		LastBlockID:    types.BlockID{Hash: sum("last"), PartSetHeader: types.PartSetHeader{Total: 1, Hash: sum("parts")}},
		LastCommitHash: sum("commit"), DataHash: sum("data"), ValidatorsHash: s.set.Hash(), NextValidatorsHash: s.set.Hash(),
		ConsensusHash: sum("consensus"), AppHash: app[:], LastResultsHash: sum("results"), EvidenceHash: sum("evidence"),
		ProposerAddress: s.set.Validators[0].Address,
	}
	id := types.BlockID{Hash: h.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: sum("parts of this")}}
	commit := &types.Commit{Height: h.Height, BlockID: id}
	for i, key := range s.keys {
		vote := types.Vote{Type: cmtproto.PrecommitType, Height: h.Height, BlockID: id, Timestamp: h.Time,
			ValidatorAddress: s.set.Validators[i].Address, ValidatorIndex: int32(i)}
		sig, err := key.Sign(types.VoteSignBytes(s.Trust.ChainID(), vote.ToProto()))
		if err != nil {
			t.Fatal(err)
		}
		commit.Signatures = append(commit.Signatures, types.CommitSig{
			BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: vote.ValidatorAddress, Timestamp: vote.Timestamp, Signature: sig})
	}
	header, err := h.ToProto().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := commit.ToProto().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return api.Head{Height: height, Header: header, Commit: signed}
}
