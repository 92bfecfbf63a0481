package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
)

// identity is what others need to know of a node: home/public.json.
type identity struct {
	Name string `json:"name"`
	Mode string `json:"mode"`
	// ValidatorKey is the consensus key in hex; an observer has none.
	ValidatorKey string `json:"validator_key,omitempty"`
	PeerID       string `json:"peer_id"`
}

func newInitCommand() *cobra.Command {
	var dir, genesisFile, name string
	var peers []string
	cmd := &cobra.Command{
		Use: "init (validator|observer)", Short: "Make the files of a node: keys and settings",
		Long: `Make the files of a node: keys and settings. The directory appears complete or
not at all, and an existing one is never touched. What others need to know of
the node, its consensus key and its peer id, is in public.json.`,
		Example: `  urnad init validator --home /srv/urna --name north
  urnad init observer --home /srv/urna --genesis genesis.json --peers 7c0f…@192.0.2.1:26656`,
		Args: cobra.ExactArgs(1), ValidArgs: []string{config.Validator, config.Observer},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg := config.Default(args[0])
			cfg.Name, cfg.P2P.Peers = name, peers
			if err := cfg.Validate(); err != nil {
				return usage("%w", err)
			}
			var chain []byte
			if genesisFile != "" {
				g, err := genesis.Load(genesisFile)
				if err != nil {
					return err
				}
				chain = g.Raw
			}
			keys, err := home.NewKeys(args[0], rand.Reader)
			if err != nil {
				return err
			}
			id := identity{Name: name, Mode: args[0], PeerID: keys.PeerID()}
			if key, ok := keys.ValidatorKey(); ok {
				id.ValidatorKey = hex.EncodeToString(key[:])
			}
			public, err := json.MarshalIndent(id, "", "  ")
			if err != nil {
				return err
			}
			if err := home.Build(cmd.Context(), dir, func(partial string) error {
				if err := home.Write(home.Dir(partial), cfg, keys, chain); err != nil {
					return err
				}
				return wholefile.Replace(filepath.Join(partial, "public.json"), append(public, '\n'), 0o644)
			}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", public)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "home", defaultHome(), "directory to make")
	cmd.Flags().StringVar(&genesisFile, "genesis", "", "the chain's genesis; it can be copied into the directory later")
	cmd.Flags().StringVar(&name, "name", "urna", "what peers and people call this node")
	cmd.Flags().StringSliceVar(&peers, "peers", []string{}, "nodes to keep connected to: id@host:port")
	return cmd
}

func newGenesisCommand() *cobra.Command {
	var out, commissionFile, prefix, at string
	var validators []string
	var rehearsal bool
	cmd := &cobra.Command{
		Use: "genesis", Short: "Make the genesis of a new chain",
		Long: `Make the genesis of a new chain from the validators' public.json files and the
commission. The chain id ends with the hash of the rest. The commission file is
JSON: {"quorum": 3, "members": [{"name": "…", "role": "…", "key": "64 hex digits"}, …]}.`,
		Example: `  urnad genesis --prefix city-2026 --commission commission.json \
    --validator north/public.json --validator south/public.json --out genesis.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if commissionFile == "" || out == "" {
				return usage("--commission and --out are needed; see urnad genesis --help")
			}
			spec := genesis.Spec{Prefix: prefix, Time: time.Now(), Rehearsal: rehearsal, Rules: 1, MaxBlockBytes: config.MaxBlockBytes}
			var err error
			if at != "" {
				if spec.Time, err = time.Parse(time.RFC3339, at); err != nil {
					return usage("--time %q: want the form 2026-09-01T08:00:00Z", at)
				}
			}
			if spec.Commission, err = readCommission(commissionFile); err != nil {
				return err
			}
			for _, file := range validators {
				v, err := readValidator(file)
				if err != nil {
					return err
				}
				spec.Validators = append(spec.Validators, v)
			}
			raw, err := genesis.Make(spec)
			if err != nil {
				return err
			}
			if _, err := os.Stat(out); err == nil {
				return fmt.Errorf("make genesis: %s exists and is not overwritten; name another file", out)
			}
			if err := wholefile.Replace(out, raw, 0o644); err != nil {
				return err
			}
			g, err := genesis.Parse(raw)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), g.Doc.ChainID)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to make")
	cmd.Flags().StringVar(&commissionFile, "commission", "", "file of the commission")
	cmd.Flags().StringVar(&prefix, "prefix", "urna", "begin of the chain id: a-z, 0-9 and -")
	cmd.Flags().StringVar(&at, "time", "", "time of the first block, 2026-09-01T08:00:00Z; now if it is missing")
	cmd.Flags().StringArrayVar(&validators, "validator", nil, "public.json of a validator; repeat it for each")
	cmd.Flags().BoolVar(&rehearsal, "rehearsal", false, "the chain is a rehearsal, for ever")
	return cmd
}

func readValidator(file string) (genesis.Validator, error) {
	var id identity
	if err := readJSON(file, &id); err != nil {
		return genesis.Validator{}, err
	}
	key, err := hex.DecodeString(id.ValidatorKey)
	if err != nil || len(key) != 32 {
		return genesis.Validator{}, fmt.Errorf("read %s: validator_key is not 64 hex digits: is it a validator's file?", file)
	}
	return genesis.Validator{Name: id.Name, Key: [32]byte(key), Power: 10}, nil
}
