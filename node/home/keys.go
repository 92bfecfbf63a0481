package home

import (
	"bytes"
	stded25519 "crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/node/config"
)

// Keys of a node. They print as a redaction.
type Keys struct {
	// validator is nil for an observer.
	validator ed25519.PrivKey
	node      ed25519.PrivKey
	ackSeed   [sign.SeedSize]byte
}

// NewKeys draws the keys of a node of the given mode.
func NewKeys(mode string, rand io.Reader) (*Keys, error) {
	k := &Keys{}
	draw := func() (ed25519.PrivKey, error) {
		seed := make([]byte, sign.SeedSize)
		if _, err := io.ReadFull(rand, seed); err != nil {
			return nil, fmt.Errorf("draw keys: %w", err)
		}
		return ed25519.PrivKey(stded25519.NewKeyFromSeed(seed)), nil
	}
	var err error
	if mode == config.Validator {
		if k.validator, err = draw(); err != nil {
			return nil, err
		}
	}
	if k.node, err = draw(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(rand, k.ackSeed[:]); err != nil {
		return nil, fmt.Errorf("draw keys: %w", err)
	}
	return k, nil
}

// ValidatorKey is the public consensus key; ok is false for an observer.
func (k *Keys) ValidatorKey() (key [32]byte, ok bool) {
	if k.validator == nil {
		return key, false
	}
	return [32]byte(k.validator.PubKey().Bytes()), true
}

// PeerID is the node's name in other nodes' list of peers.
func (k *Keys) PeerID() string { return string(p2p.PubKeyToID(k.node.PubKey())) }

// Format prints a redaction for every verb.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "home.Keys(redacted)") }

// ackFile is the form of ack_key.json.
type ackFile struct {
	Public string `json:"public"`
	Seed   string `json:"seed"`
}

// Write fills a new home directory. The genesis may come later (nil).
func Write(dir Dir, cfg config.Config, keys *Keys, genesis []byte) error {
	for _, sub := range []string{dir.join("keys"), dir.Data()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return fmt.Errorf("make home: %w", err)
		}
	}
	if err := cfg.Write(dir.Config()); err != nil {
		return err
	}
	if genesis != nil {
		if err := wholefile.Replace(dir.Genesis(), genesis, 0o644); err != nil {
			return err
		}
	}
	if keys.validator != nil {
		key := privval.FilePVKey{Address: keys.validator.PubKey().Address(), PubKey: keys.validator.PubKey(), PrivKey: keys.validator}
		if err := writeEngineJSON(dir.ValidatorKey(), key); err != nil {
			return err
		}
		if err := writeEngineJSON(dir.ValidatorState(), privval.FilePVLastSignState{}); err != nil {
			return err
		}
	}
	if err := writeEngineJSON(dir.NodeKey(), p2p.NodeKey{PrivKey: keys.node}); err != nil {
		return err
	}
	public := sign.NewPrivateKey(keys.ackSeed).Public()
	raw, err := json.MarshalIndent(ackFile{hex.EncodeToString(public[:]), hex.EncodeToString(keys.ackSeed[:])}, "", "  ")
	if err != nil {
		return fmt.Errorf("write ack key: %w", err)
	}
	return wholefile.Replace(dir.AckKey(), append(raw, '\n'), 0o600)
}

func writeEngineJSON(file string, v any) error {
	raw, err := cmtjson.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return wholefile.Replace(file, append(raw, '\n'), 0o600)
}

// Validator reads the consensus key and what it signed last. A missing state
// is an error: signing without it may sign twice.
func (d Dir) Validator() (*privval.FilePV, error) {
	var key privval.FilePVKey
	if err := readEngineJSON(d.ValidatorKey(), &key); err != nil {
		return nil, err
	}
	priv, ok := key.PrivKey.(ed25519.PrivKey)
	if !ok || len(priv) != ed25519.PrivateKeySize || key.PubKey == nil || !priv.PubKey().Equals(key.PubKey) {
		return nil, fmt.Errorf("read %s: private and public key are no Ed25519 pair", d.ValidatorKey())
	}
	var state privval.FilePVLastSignState
	err := readEngineJSON(d.ValidatorState(), &state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: restore it from where this key signed last; signing without it may sign twice", err)
	}
	if err != nil {
		return nil, err
	}
	// The checks above keep the engine's reader, which ends the process on any
	// trouble, from doing so.
	return privval.LoadFilePV(d.ValidatorKey(), d.ValidatorState()), nil
}

// Node reads the node's identity.
func (d Dir) Node() (*p2p.NodeKey, error) {
	var key p2p.NodeKey
	if err := readEngineJSON(d.NodeKey(), &key); err != nil {
		return nil, err
	}
	if priv, ok := key.PrivKey.(ed25519.PrivKey); !ok || len(priv) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("read %s: no Ed25519 key", d.NodeKey())
	}
	return &key, nil
}

// Ack reads the key of acknowledgements.
func (d Dir) Ack() (sign.PrivateKey, error) {
	raw, err := readSecret(d.AckKey())
	if err != nil {
		return sign.PrivateKey{}, err
	}
	var f ackFile
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return sign.PrivateKey{}, fmt.Errorf("read %s: %w", d.AckKey(), err)
	}
	seed, err := hex.DecodeString(f.Seed)
	if err != nil || len(seed) != sign.SeedSize {
		return sign.PrivateKey{}, fmt.Errorf("read %s: seed is not 64 hex digits", d.AckKey())
	}
	key := sign.NewPrivateKey([sign.SeedSize]byte(seed))
	if public := key.Public(); hex.EncodeToString(public[:]) != f.Public {
		return sign.PrivateKey{}, fmt.Errorf("read %s: public key is not the seed's", d.AckKey())
	}
	return key, nil
}

func readEngineJSON(file string, v any) error {
	raw, err := readSecret(file)
	if err != nil {
		return err
	}
	if err := cmtjson.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// readSecret refuses a file that others may read.
func readSecret(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read %s: mode %04o lets others read it; set 0600", file, info.Mode().Perm())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return raw, nil
}
