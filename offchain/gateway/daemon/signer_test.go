package daemon_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/x/chainid"
)

const appState = `{"rehearsal":false,"rules":1,"commission":{"quorum":1,"members":[{"name":"A","role":"chair","key":"` +
	`0000000000000000000000000000000000000000000000000000000000000001"}]}}`

// signer is a chain's validators, who sign as the engine does.
type signer struct {
	keys  []ed25519.PrivKey
	set   *types.ValidatorSet
	trust *chain.Trust
	// genesis is the file.
	genesis string
}

func newSigner(t *testing.T, validators int) *signer {
	t.Helper()
	s := &signer{}
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
	file := filepath.Join(t.TempDir(), "genesis.json")
	s.genesis = file
	write := func() []byte {
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
	if doc.ChainID, err = chainid.Make("urna-daemon", write()); err != nil {
		t.Fatal(err)
	}
	if s.trust, err = chain.ParseTrust(write()); err != nil {
		t.Fatal(err)
	}
	return s
}
