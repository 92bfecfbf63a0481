package genesis

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/x/chainid"
	"github.com/urna-vote/urna/x/commission"
)

// maxBytes of a genesis file.
const maxBytes = 4 << 20

// Validator of a new chain.
type Validator struct {
	Name string
	// Key is its Ed25519 consensus key.
	Key   [32]byte
	Power int64
}

// Spec of a new chain.
type Spec struct {
	// Prefix of the chain id.
	Prefix     string
	Time       time.Time
	Rehearsal  bool
	Rules      uint32
	Commission genesis.Commission
	Validators []Validator
	// MaxBlockBytes limits a block.
	MaxBlockBytes int64
}

// Make returns the genesis file of a new chain, its chain id filled in.
func Make(s Spec) ([]byte, error) {
	app := genesis.State{Rehearsal: s.Rehearsal, Rules: s.Rules, Commission: s.Commission}
	state, err := app.Marshal()
	if err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	params := types.DefaultConsensusParams()
	params.Block.MaxBytes, params.Block.MaxGas = s.MaxBlockBytes, -1
	params.Validator.PubKeyTypes = []string{types.ABCIPubKeyTypeEd25519}
	doc := &types.GenesisDoc{
		GenesisTime: s.Time.UTC().Truncate(time.Millisecond), InitialHeight: 1,
		ConsensusParams: params, AppState: state,
		// Replaced below: the id hashes the rest.
		ChainID: s.Prefix + "-0000000000000000",
	}
	for _, v := range s.Validators {
		doc.Validators = append(doc.Validators, types.GenesisValidator{Name: v.Name, PubKey: ed25519.PubKey(v.Key[:]), Power: v.Power})
	}
	if err := checkValidators(doc.Validators); err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	raw, err := cmtjson.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	if doc.ChainID, err = chainid.Make(s.Prefix, raw); err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	if raw, err = cmtjson.MarshalIndent(doc, "", "  "); err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	raw = append(raw, '\n')
	if _, err := Parse(raw); err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	return raw, nil
}

// Genesis of a chain.
type Genesis struct {
	Raw []byte
	Doc *types.GenesisDoc
	// App is the application's part.
	App *genesis.State
}

// Load reads a genesis file and checks it.
func Load(file string) (*Genesis, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("read genesis: %w", err)
	}
	if info.Size() > maxBytes {
		return nil, fmt.Errorf("read genesis %s: %d bytes are more than %d", file, info.Size(), maxBytes)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read genesis: %w", err)
	}
	g, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read genesis %s: %w", file, err)
	}
	return g, nil
}

// Parse reads a genesis and checks that its chain id is its own and that a
// chain can begin with it.
func Parse(raw []byte) (*Genesis, error) {
	id, err := chainid.Check(raw)
	if err != nil {
		return nil, err
	}
	doc, err := types.GenesisDocFromJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("chain %s: %w", id, err)
	}
	if doc.ChainID != id {
		return nil, fmt.Errorf("chain %s: the engine reads chain id %q", id, doc.ChainID)
	}
	if err := checkValidators(doc.Validators); err != nil {
		return nil, fmt.Errorf("chain %s: %w", id, err)
	}
	state, err := genesis.Parse(doc.AppState)
	if err != nil {
		return nil, fmt.Errorf("chain %s: %w", id, err)
	}
	if len(doc.AppHash) != 0 {
		return nil, fmt.Errorf("chain %s: app_hash: must be empty", id)
	}
	if err := checkCommission(state.Commission); err != nil {
		return nil, fmt.Errorf("chain %s: app_state: %w", id, err)
	}
	return &Genesis{Raw: raw, Doc: doc, App: state}, nil
}

// checkCommission applies the application's rule before a chain id is handed
// round, not when the first block is to be made.
func checkCommission(c genesis.Commission) error {
	g := commission.Genesis{Quorum: c.Quorum}
	for _, m := range c.Members {
		g.Members = append(g.Members, commission.Member{Name: m.Name, Role: m.Role, Key: m.Key[:]})
	}
	return g.Validate()
}

// HasValidator reports whether an Ed25519 key is in the genesis.
func (g *Genesis) HasValidator(key []byte) bool {
	for _, v := range g.Doc.Validators {
		if v.PubKey.Equals(ed25519.PubKey(key)) {
			return true
		}
	}
	return false
}

func checkValidators(vs []types.GenesisValidator) error {
	if len(vs) == 0 {
		return errors.New("no validators: name at least one")
	}
	seen := map[string]bool{}
	for i, v := range vs {
		key, ok := v.PubKey.(ed25519.PubKey)
		if !ok || len(key) != sign.PublicKeySize {
			return fmt.Errorf("validators[%d]: key is no Ed25519 key", i)
		}
		if err := sign.CheckPublicKey([sign.PublicKeySize]byte(key)); err != nil {
			return fmt.Errorf("validators[%d]: %w", i, err)
		}
		text := base64.StdEncoding.EncodeToString(key)
		if seen[text] {
			return fmt.Errorf("validators[%d]: key %s is there twice", i, text)
		}
		seen[text] = true
		if v.Power < 1 {
			return fmt.Errorf("validators[%d]: power %d, want at least 1", i, v.Power)
		}
	}
	return nil
}
