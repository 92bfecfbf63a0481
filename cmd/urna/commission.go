package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/election"
)

func newCommissionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "commission",
		Short: "Propose, look at and approve acts of the commission",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProposeCommand(), newApproveCommand(), newProposalsCommand(), newShowProposalCommand(), newElectionIDCommand(), newStageRollCommand())
	return cmd
}

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make and look at signing keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "new FILE",
		Short:   "Make an Ed25519 key for a member, an operator or a trustee",
		Long:    "Make an Ed25519 key, write it to FILE (mode 0600, never over another file) and print the public key.",
		Example: "  urna key new member.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := keyfile.Create(args[0], rand.Reader)
			if err != nil {
				return err
			}
			return printPublic(cmd, key.Public())
		},
	}, &cobra.Command{
		Use:     "show FILE",
		Short:   "Print the public key of a key file",
		Example: "  urna key show member.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := keyfile.Load(args[0])
			if err != nil {
				return err
			}
			return printPublic(cmd, key.Public())
		},
	})
	return cmd
}

func printPublic(cmd *cobra.Command, public [32]byte) error {
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), map[string]api.Hex{"public": public[:]})
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), hex.EncodeToString(public[:]))
	return err
}

// member holds the flags of commands that a member of the commission signs.
type member struct {
	connection
	keyPath string
}

func (m *member) register(cmd *cobra.Command) {
	m.connection.register(cmd)
	cmd.Flags().StringVar(&m.keyPath, "key", "", "key file of the member who signs")
	_ = cmd.MarkFlagRequired("key") // the flag exists
}

func (m *member) open() (*commission.Office, error) {
	key, err := keyfile.Load(m.keyPath)
	if err != nil {
		return nil, err
	}
	c, err := m.connection.open()
	if err != nil {
		return nil, err
	}
	return &commission.Office{Client: c, ChainID: c.Trust().ChainID(), Key: key, Now: time.Now, Random: rand.Reader}, nil
}

func newApproveCommand() *cobra.Command {
	var m member
	var yes bool
	cmd := &cobra.Command{
		Use:     "approve PROPOSAL",
		Short:   "Show a proposal and approve it",
		Example: "  urna commission approve 5f0c… --key member.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commission.Hex32("proposal", args[0])
			if err != nil {
				return terminal.Usage("%w", err)
			}
			office, err := m.open()
			if err != nil {
				return err
			}
			defer office.Client.Close()
			p, err := office.Proposal(cmd.Context(), id)
			if err != nil {
				return err
			}
			text, err := commission.Render(office.ChainID, id, p.State, memberKeys(office.Client.Trust())...)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprint(cmd.ErrOrStderr(), text); err != nil {
				return fmt.Errorf("show the proposal: %w", err)
			}
			if !yes && !confirmed(cmd, "Approve this? Type yes: ") {
				return fmt.Errorf("not approved")
			}
			if err := office.Approve(cmd.Context(), id); err != nil {
				return err
			}
			return printProposal(cmd, office, id)
		},
	}
	m.register(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "approve without asking")
	return cmd
}

func confirmed(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	// Reading knows no context: a signal ends the wait for it.
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		return strings.TrimSpace(line) == "yes"
	case <-cmd.Context().Done():
		return false
	}
}

func newProposalsCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the commission's proposals",
		Example: "  urna commission list --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open()
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.CheckChain(cmd.Context()); err != nil {
				return err
			}
			list, err := client.Proposals(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), list)
			}
			var rows [][]string
			for _, p := range list {
				state := fmt.Sprintf("%d of %d", len(p.Approvals), p.Quorum)
				if p.ExecutedHeight > 0 {
					state = fmt.Sprintf("in effect since block %d", p.ExecutedHeight)
				}
				rows = append(rows, []string{p.ID.String(), p.Action, state})
			}
			return terminal.Table(cmd.OutOrStdout(), []string{"proposal", "act", "approvals"}, rows)
		},
	}
	c.register(cmd)
	return cmd
}

func newShowProposalCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "show PROPOSAL",
		Short:   "Show what a proposal says, read from its own bytes",
		Example: "  urna commission show 5f0c… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commission.Hex32("proposal", args[0])
			if err != nil {
				return terminal.Usage("%w", err)
			}
			client, err := c.open()
			if err != nil {
				return err
			}
			defer client.Close()
			p, err := client.Proposal(cmd.Context(), id)
			if err != nil {
				return err
			}
			text, err := commission.Render(client.Trust().ChainID(), id, p.State, memberKeys(client.Trust())...)
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), p)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	c.register(cmd)
	return cmd
}

// memberKeys are the keys of the commission in the genesis.
func memberKeys(trust *chain.Trust) [][]byte {
	var keys [][]byte
	for _, m := range trust.Genesis().State.Commission.Members {
		keys = append(keys, m.Key)
	}
	return keys
}

func newElectionIDCommand() *cobra.Command {
	var genesis string
	cmd := &cobra.Command{
		Use:     "id FILE",
		Short:   "Print the id that the election of FILE has on a chain",
		Long:    "Print the id that the election of FILE has on the chain of a genesis. It hashes every word of the election: two members who have the same id have the same election.",
		Example: "  urna commission id election.json --genesis genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			trust, err := readTrust(genesis)
			if err != nil {
				return err
			}
			def, err := readDefinition(args[0])
			if err != nil {
				return err
			}
			warn(cmd, def, trust)
			id := election.DefinitionID(trust.ChainID(), def)
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{"chain_id": trust.ChainID(), "election": api.Hex(id[:])})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", id)
			return err
		},
	}
	genesisFlag(cmd, &genesis)
	return cmd
}

func printProposal(cmd *cobra.Command, office *commission.Office, id [32]byte) error {
	p, err := office.Client.Proposal(cmd.Context(), id)
	if err != nil {
		return err
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), p)
	}
	state := fmt.Sprintf("%d of %d approvals", len(p.Approvals), p.Quorum)
	if p.ExecutedHeight > 0 {
		state = fmt.Sprintf("in effect since block %d", p.ExecutedHeight)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "proposal %s: %s, %s\n", p.ID, terminal.Plain(p.Action), state)
	return err
}

func newStageRollCommand() *cobra.Command {
	var m member
	var election string
	cmd := &cobra.Command{
		Use:     "stage-roll FILE",
		Short:   "Stage the roll, or what comes to it, and propose it",
		Long:    "Stage the entries of FILE (lines entry,style) on the ledger and propose them as the roll. To a roll in force come those that it lacks; only the member who staged it can add. Called again after an interruption it goes on.",
		Example: "  urna commission stage-roll roll.csv --election 9ab1… --key member.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commission.Hex32("--election", election)
			if err != nil {
				return terminal.Usage("%w", err)
			}
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			office, err := m.open()
			if err != nil {
				return err
			}
			defer office.Client.Close()
			def, err := office.Definition(cmd.Context(), id)
			if err != nil {
				return err
			}
			list, err := commission.ReadRoll(file, def)
			if err != nil {
				return err
			}
			progress := terminal.NewProgress(cmd.ErrOrStderr(), "stage the roll", int64(list.Size()))
			act, err := office.StageRoll(cmd.Context(), id, len(def.Styles), list, func(n int) { progress.Set(int64(n), int64(list.Size())) })
			progress.Done()
			if err != nil {
				return err
			}
			return propose(cmd, office, commissionv1.Action_ACTION_APPROVE_ROLL, act)
		},
	}
	m.register(cmd)
	cmd.Flags().StringVar(&election, "election", "", "id of the election")
	return cmd
}
