package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// proposalLife is how long approvals of a proposal count.
const proposalLife = 7 * 24 * time.Hour

// act collects the flags from which an act of the commission is made.
type act struct {
	member
	election, reason, protocol string
	zone                       uint32
	closes, moveTo             string
	classes                    []uint
	panel                      uint32
	entries                    []string
}

// newProposeCommand has one command per act.
func newProposeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "propose",
		Short: "Propose an act; proposing counts as the first approval",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newCreateElectionCommand(),
		newActCommand("cancel-election", "Cancel an election for good", []string{"election", "reason"}, (*act).cancel),
		newActCommand("extend-close", "Move a zone's close to later, at most 24 hours", []string{"election", "zone", "closes", "reason"}, (*act).extend),
		newActCommand("resolve-suspension", "Let a suspended deadline take effect, or move it", []string{"election", "zone", "move-to", "reason"}, (*act).resolve),
		newActCommand("remove-entries", "Strike entries without a token from the roll", []string{"election", "entries", "reason"}, (*act).remove),
		newActCommand("open-panel", "Let another panel issue tokens from now on", []string{"election", "classes", "panel", "reason"}, (*act).openPanel),
		newActCommand("restart-ceremony", "Begin a new attempt of a key ceremony", []string{"election", "zone", "reason"}, (*act).restart),
		newActCommand("consent-small-count", "Consent to decrypting fewer ballots than the least as one", []string{"election", "zone", "reason"}, (*act).consent),
		newActCommand("approve-protocol", "Approve the protocol of results that the ledger computed", []string{"election", "zone", "protocol"}, (*act).approveProtocol),
	)
	return cmd
}

func newCreateElectionCommand() *cobra.Command {
	var m member
	cmd := &cobra.Command{
		Use:     "create-election FILE",
		Short:   "Propose the election that FILE defines",
		Example: "  urna commission propose create-election election.json --key member.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			def, err := readDefinition(args[0])
			if err != nil {
				return err
			}
			office, err := m.open()
			if err != nil {
				return err
			}
			defer office.Client.Close()
			warn(cmd, def, office.Client.Trust())
			id := election.DefinitionID(office.ChainID, def)
			fmt.Fprintf(cmd.ErrOrStderr(), "election %x\n", id)
			return propose(cmd, office, commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: def})
		},
	}
	m.register(cmd)
	return cmd
}

// readDefinition reads the election of a file, refused if the ledger would.
func readDefinition(name string) (*electionv1.Definition, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	written, err := commission.ReadElectionFile(file)
	if err != nil {
		return nil, err
	}
	def, err := written.Definition()
	if err != nil {
		return nil, err
	}
	return def, election.Validate(def)
}

// warn tells what a definition weakens.
func warn(cmd *cobra.Command, def *electionv1.Definition, trust *chain.Trust) {
	for _, w := range election.Warnings(def, memberKeys(trust)...) {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", terminal.Plain(w))
	}
}

// newActCommand makes the command of an act; flags are those the act needs, all
// required but classes and move-to.
func newActCommand(name, short string, flags []string, make func(*act) (commissionv1.Action, ledger.Wire, error)) *cobra.Command {
	var a act
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.NoArgs}
	example := "  urna commission propose " + name
	f := cmd.Flags()
	for _, flag := range flags {
		switch flag {
		case "election":
			f.StringVar(&a.election, flag, "", "id of the election")
			example += " --election 9ab1…"
		case "reason":
			f.StringVar(&a.reason, flag, "", "why; it stands on the ledger")
			example += ` --reason "network outage"`
		case "zone":
			f.Uint32Var(&a.zone, flag, 0, "number of the zone, from 0")
			example += " --zone 0"
		case "closes":
			f.StringVar(&a.closes, flag, "", "new close, RFC 3339")
			example += " --closes 2027-03-14T20:30:00+03:00"
		case "move-to":
			f.StringVar(&a.moveTo, flag, "", "new time of the deadline, RFC 3339; without it the deadline takes effect now")
		case "entries":
			f.StringArrayVar(&a.entries, flag, nil, "entry id; may be given several times")
			example += " --entries 77c0…"
		case "classes":
			f.UintSliceVar(&a.classes, flag, nil, "numbers of token classes; all if not given")
		case "panel":
			f.Uint32Var(&a.panel, flag, 0, "number of the panel, from 0")
			example += " --panel 1"
		case "protocol":
			f.StringVar(&a.protocol, flag, "", "hash of the protocol of results, as every node computes it")
			example += " --protocol 41d8…"
		}
		if flag != "zone" && flag != "classes" && flag != "move-to" {
			_ = cmd.MarkFlagRequired(flag) // the flag exists
		}
	}
	cmd.Example = example + " --key member.json --node http://127.0.0.1:26680 --genesis genesis.json"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		action, message, err := make(&a)
		if err != nil {
			return terminal.Usage("%w", err)
		}
		office, err := a.open()
		if err != nil {
			return err
		}
		defer office.Client.Close()
		return propose(cmd, office, action, message)
	}
	a.register(cmd)
	return cmd
}

func propose(cmd *cobra.Command, office *commission.Office, action commissionv1.Action, message ledger.Wire) error {
	id, err := office.Propose(cmd.Context(), action, message, proposalLife)
	if err != nil {
		return err
	}
	return printProposal(cmd, office, id)
}

func (a *act) id() (api.Hex, error) {
	id, err := commission.Hex32("--election", a.election)
	return id[:], err
}

// moment reads a time; empty is 0.
func moment(flag, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want a time like 2027-03-14T20:30:00+03:00", flag, text)
	}
	return t.UnixMilli(), nil
}
