package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/chainid"
)

// Genesis is the beginning of a chain: all that its users must agree on.
type Genesis struct {
	ChainID       string
	Time          time.Time
	InitialHeight int64
	Validators    *ValidatorSet
	// ConsensusHash as headers name it.
	ConsensusHash [32]byte
	State         State
	// Raw is the file, byte for byte.
	Raw []byte
	// SHA256 of the file's bytes, to compare by eye or phone.
	SHA256 [32]byte
}

// State is the application's part of the genesis.
type State struct {
	Rehearsal  bool       `json:"rehearsal"`
	Rules      uint32     `json:"rules"`
	Commission Commission `json:"commission"`
}

// Commission as it begins.
type Commission struct {
	Quorum  uint32       `json:"quorum"`
	Members []api.Member `json:"members"`
}

type genesisFile struct {
	GenesisTime     time.Time          `json:"genesis_time"`
	ChainID         string             `json:"chain_id"`
	InitialHeight   string             `json:"initial_height"`
	ConsensusParams json.RawMessage    `json:"consensus_params"`
	Validators      []genesisValidator `json:"validators"`
	AppHash         string             `json:"app_hash"`
	AppState        json.RawMessage    `json:"app_state"`
}

type genesisValidator struct {
	Address string `json:"address"`
	PubKey  struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"pub_key"`
	Power string `json:"power"`
	Name  string `json:"name"`
}

// ParseGenesis reads a genesis file and checks that its chain id is its hash.
func ParseGenesis(b []byte) (*Genesis, error) {
	g, err := parseGenesis(b)
	if err != nil {
		return nil, fmt.Errorf("read genesis: %w", err)
	}
	return g, nil
}

func parseGenesis(b []byte) (*Genesis, error) {
	id, err := chainid.Check(b)
	if err != nil {
		return nil, err
	}
	var f genesisFile
	if err := strict(b, &f); err != nil {
		return nil, err
	}
	g := &Genesis{ChainID: id, Time: f.GenesisTime, InitialHeight: 1, Raw: bytes.Clone(b), SHA256: sha256.Sum256(b)}
	if g.Time.IsZero() {
		return nil, errors.New("genesis_time: must be set")
	}
	if f.AppHash != "" {
		return nil, fmt.Errorf("app_hash: %q, must be empty", f.AppHash)
	}
	if f.InitialHeight != "" && f.InitialHeight != "0" {
		if g.InitialHeight, err = strconv.ParseInt(f.InitialHeight, 10, 64); err != nil || g.InitialHeight < 1 {
			return nil, fmt.Errorf("initial_height: %q is not a height", f.InitialHeight)
		}
	}
	if g.ConsensusHash, err = consensusHash(f.ConsensusParams); err != nil {
		return nil, fmt.Errorf("consensus_params: %w", err)
	}
	if g.Validators, err = genesisValidators(f.Validators); err != nil {
		return nil, fmt.Errorf("validators: %w", err)
	}
	if err := strict(f.AppState, &g.State); err != nil {
		return nil, fmt.Errorf("app_state: %w", err)
	}
	return g, nil
}

func genesisValidators(list []genesisValidator) (*ValidatorSet, error) {
	vs := make([]Validator, len(list))
	for i, v := range list {
		if v.PubKey.Type != "tendermint/PubKeyEd25519" {
			return nil, fmt.Errorf("%d: key type %q is not known, want tendermint/PubKeyEd25519", i, v.PubKey.Type)
		}
		key, err := base64.StdEncoding.Strict().DecodeString(v.PubKey.Value)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("%d: key is not 32 bytes of base64", i)
		}
		power, err := strconv.ParseInt(v.Power, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%d: power %q is not a number", i, v.Power)
		}
		vs[i] = Validator{Name: v.Name, Key: [32]byte(key), Power: power}
	}
	return NewValidatorSet(vs)
}

// consensusHash hashes the two parameters that the engine hashes.
func consensusHash(params json.RawMessage) ([32]byte, error) {
	var p struct {
		Block struct {
			MaxBytes string `json:"max_bytes"`
			MaxGas   string `json:"max_gas"`
		} `json:"block"`
	}
	if len(params) == 0 {
		return [32]byte{}, errors.New("must be set")
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return [32]byte{}, err
	}
	size, err := strconv.ParseInt(p.Block.MaxBytes, 10, 64)
	if err != nil {
		return [32]byte{}, fmt.Errorf("block.max_bytes: %q is not a number", p.Block.MaxBytes)
	}
	gas, err := strconv.ParseInt(p.Block.MaxGas, 10, 64)
	if err != nil {
		return [32]byte{}, fmt.Errorf("block.max_gas: %q is not a number", p.Block.MaxGas)
	}
	m := cmtproto.HashedParams{BlockMaxBytes: size, BlockMaxGas: gas}
	b, err := m.Marshal()
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(b), nil
}

// strict decodes one JSON value, refusing members that are not known and
// bytes after it.
func strict(b []byte, v any) error {
	if len(b) == 0 {
		return errors.New("must be set")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("bytes after the value")
	}
	return nil
}
