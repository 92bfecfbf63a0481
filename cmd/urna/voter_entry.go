package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/entry"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// entryRequest is whose entry is looked for.
type entryRequest struct {
	connection
	slip, election, entry, proof string
}

func newVoterEntryCommand() *cobra.Command {
	var q entryRequest
	cmd := &cobra.Command{
		Use:   "entry --slip FILE | --election ID --entry ID",
		Short: "See that your entry stands in the roll, and whether a token was issued to it",
		Long: `See that your entry stands in the roll, and whether a token was issued to it.

The entry is computed again from your slip: it belongs to the person that the slip
names and to nobody else. The answer is checked against what the validators signed.
With --proof it is written to a file that anybody can check offline
(urna voter entry verify): the proof that a token was, or was not, issued in your
name up to that height. The file names your entry, not you.`,
		Example: `  urna voter entry --slip slip.json --proof entry.json --node http://127.0.0.1:26680 --genesis genesis.json
  urna voter entry verify --genesis genesis.json entry.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return q.run(cmd) },
	}
	q.register(cmd)
	cmd.Flags().StringVar(&q.slip, "slip", "", "access slip")
	cmd.Flags().StringVar(&q.election, "election", "", "election id, instead of a slip")
	cmd.Flags().StringVar(&q.entry, "entry", "", "entry id, instead of a slip")
	cmd.Flags().StringVar(&q.proof, "proof", "", "file to write the proof to")
	cmd.AddCommand(newVoterEntryVerifyCommand())
	return cmd
}

// whose reads election and entry, and whom a slip names.
func (q *entryRequest) whose() (of, id [32]byte, person string, err error) {
	if (q.slip == "") == (q.election == "" || q.entry == "") || (q.slip != "" && q.election+q.entry != "") {
		return of, id, "", terminal.Usage("name the entry by --slip, or by --election and --entry")
	}
	if q.slip != "" {
		content, err := os.ReadFile(q.slip)
		if err != nil {
			return of, id, "", fmt.Errorf("read --slip: %w", err)
		}
		s, err := slip.Parse(content)
		if err != nil {
			return of, id, "", fmt.Errorf("--slip %s: %w", q.slip, err)
		}
		return s.Election, s.Entry(), s.Subject, nil
	}
	for _, f := range []struct {
		flag, text string
		into       *[32]byte
	}{{"--election", q.election, &of}, {"--entry", q.entry, &id}} {
		b, err := hex.DecodeString(f.text)
		if err != nil || len(b) != 32 {
			return of, id, "", terminal.Usage("%s: %q is not 64 hex digits", f.flag, f.text)
		}
		*f.into = [32]byte(b)
	}
	return of, id, "", nil
}

func (q *entryRequest) run(cmd *cobra.Command) error {
	of, id, person, err := q.whose()
	if err != nil {
		return err
	}
	c, err := q.open()
	if err != nil {
		return err
	}
	defer c.Close()
	proof, standing, err := entry.Fetch(cmd.Context(), c, of, id)
	if errors.Is(err, entry.ErrNotInRoll) {
		return fmt.Errorf("%w: the commission has not approved it yet, or your application was not accepted; ask the commission", err)
	}
	if errors.Is(err, entry.ErrProof) {
		return terminal.Difference(err)
	}
	if err != nil {
		return err
	}
	name, err := styleName(cmd, c, of, standing.Style)
	if err != nil {
		return err
	}
	if q.proof != "" {
		file, err := proof.Encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(q.proof, file, 0o600); err != nil {
			return fmt.Errorf("write --proof: %w", err)
		}
	}
	return showEntry(cmd, c.Trust().Rehearsal(), proof, standing, person, name)
}

// styleName is what the election's definition, proven, calls a ballot style.
func styleName(cmd *cobra.Command, c *client.Client, of [32]byte, style uint32) (string, error) {
	proven, err := c.Proven(cmd.Context(), of, "definition")
	if err != nil {
		return "", err
	}
	b, _ := proven.Object("definition")
	if election.ID(c.Trust().ChainID(), b) != of {
		return "", fmt.Errorf("definition does not hash to election %x", of[:4])
	}
	def, err := ledger.DecodeStrict[electionv1.Definition](b, len(b))
	if err != nil {
		return "", fmt.Errorf("read definition: %w", err)
	}
	if int64(style) >= int64(len(def.Styles)) {
		return "", fmt.Errorf("style %d is not in the definition", style)
	}
	return def.Styles[style].Name, nil
}

func showEntry(cmd *cobra.Command, rehearsal bool, p *entry.Proof, s *entry.Standing, person, style string) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return terminal.WriteJSON(out, map[string]any{
			"entry": api.Hex(p.Entry[:]), "election": api.Hex(p.Election[:]), "voter": person, "style": s.Style, "style_name": style,
			"rehearsal": rehearsal, "index": s.Index, "size": s.Size, "issued": s.Issued, "removed": s.Removed, "height": s.Height, "time_ms": s.TimeMS,
		})
	}
	if rehearsal {
		fmt.Fprintln(out, "REHEARSAL: this chain holds no real election")
	}
	if person != "" {
		fmt.Fprintf(out, "voter    %s\n", terminal.Plain(person))
	}
	fmt.Fprintf(out, "entry    %x\n", p.Entry)
	if style != "" {
		style = " " + terminal.Plain(style)
	}
	fmt.Fprintf(out, "roll     your entry stands in the roll of ballot style %d%s: number %d of %d\n", s.Style, style, s.Index+1, s.Size)
	if s.Removed {
		fmt.Fprintln(out, "struck   the commission struck it: no token is issued to it")
	}
	token := "no token was issued to it"
	if s.Issued {
		token = "a token was issued to it"
	}
	_, err := fmt.Fprintf(out, "token    %s\nproven   at height %d of %s, %s\n", token, s.Height, p.ChainID, time.UnixMilli(s.TimeMS).UTC().Format(time.RFC3339))
	return err
}

func newVoterEntryVerifyCommand() *cobra.Command {
	var genesis string
	cmd := &cobra.Command{
		Use:   "verify --genesis FILE PROOF",
		Short: "Verify the proof of an entry offline, with nothing but the genesis",
		Long: `Verify the proof of an entry offline, with nothing but the genesis.

Exit code 3 means that the file does not prove what it says.`,
		Example: "  urna voter entry verify --genesis genesis.json entry.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			trust, err := readTrust(genesis)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read proof: %w", err)
			}
			proof, err := entry.Parse(content)
			if err != nil {
				return terminal.Difference(err)
			}
			standing, err := proof.Verify(trust)
			if err != nil {
				return terminal.Difference(err)
			}
			return showEntry(cmd, trust.Rehearsal(), proof, standing, "", "")
		},
	}
	genesisFlag(cmd, &genesis)
	return cmd
}
