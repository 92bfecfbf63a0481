package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/receipt"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/envelope"
)

func newReceiptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipt",
		Short: "Fetch and verify the proof that a ballot is in the ballot log",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReceiptFetchCommand(), newReceiptVerifyCommand())
	return cmd
}

func newReceiptFetchCommand() *cobra.Command {
	var conn connection
	var state, transaction, out string
	cmd := &cobra.Command{
		Use:   "fetch --out FILE",
		Short: "Fetch the receipt of the last ballot, or of any issuance or ballot by its hash",
		Example: `  urna receipt fetch --state me.json --out receipt.txt --node http://127.0.0.1:26680 --genesis genesis.json
  urna receipt fetch --transaction 9ab3… --out receipt.txt --node … --genesis …`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			hash, err := receiptOf(state, transaction)
			if err != nil {
				return err
			}
			c, err := conn.open()
			if err != nil {
				return err
			}
			defer c.Close()
			if err := fetchReceipt(cmd.Context(), c, hash, out); err != nil {
				return err
			}
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{"transaction": api.Hex(hash[:]), "file": out})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "receipt of %x in %s\n", hash, out)
			return err
		},
	}
	conn.register(cmd)
	cmd.Flags().StringVar(&state, "state", defaultState, "state file of the voter: its last ballot")
	cmd.Flags().StringVar(&transaction, "transaction", "", "hash of the transaction instead, 64 hex digits")
	cmd.Flags().StringVar(&out, "out", "receipt.txt", "file to write")
	return cmd
}

func receiptOf(state, transaction string) ([32]byte, error) {
	if transaction != "" {
		b, err := hex.DecodeString(transaction)
		if err != nil || len(b) != 32 {
			return [32]byte{}, terminal.Usage("--transaction: %q is not 64 hex digits", transaction)
		}
		return [32]byte(b), nil
	}
	st, err := session.ReadFile(state)
	if err != nil {
		return [32]byte{}, err
	}
	casts := st.Casts()
	if len(casts) == 0 {
		return [32]byte{}, fmt.Errorf("%s holds no ballot yet", state)
	}
	return envelope.Hash(casts[len(casts)-1].Raw), nil
}

func newReceiptVerifyCommand() *cobra.Command {
	var genesis, state string
	cmd := &cobra.Command{
		Use:   "verify --genesis FILE RECEIPT",
		Short: "Verify a receipt offline, with nothing but the genesis",
		Long: `Verify a receipt offline, with nothing but the genesis.

With --state it must also be the receipt of a ballot in that file. Exit code 3
means that the receipt does not prove its transaction.`,
		Example: "  urna receipt verify --genesis genesis.json --state me.json receipt.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verifyReceipt(cmd, genesis, state, args[0])
		},
	}
	cmd.Flags().StringVar(&genesis, "genesis", "", "genesis file of the chain")
	cmd.Flags().StringVar(&state, "state", "", "state file that must hold the receipt's ballot")
	_ = cmd.MarkFlagRequired("genesis") // the flag exists
	return cmd
}

func verifyReceipt(cmd *cobra.Command, genesis, state, path string) error {
	text, err := os.ReadFile(genesis)
	if err != nil {
		return fmt.Errorf("read --genesis: %w", err)
	}
	trust, err := chain.ParseTrust(text)
	if err != nil {
		return fmt.Errorf("--genesis %s: %w", genesis, err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read receipt: %w", err)
	}
	r, err := receipt.Parse(file)
	if err != nil {
		return terminal.Difference(err)
	}
	head, err := receipt.Verify(trust, r, nil)
	if err != nil {
		return terminal.Difference(err)
	}
	mine, err := ownBallot(state, r)
	if err != nil {
		return err
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{
			"valid": true, "rehearsal": trust.Rehearsal(), "chain_id": r.ChainID, "transaction": r.TxHash,
			"log_index": r.LogIndex, "height": head.Height, "time": head.Time, "ballot": mine,
		})
	}
	out := cmd.OutOrStdout()
	if trust.Rehearsal() {
		fmt.Fprintln(out, "REHEARSAL: this chain holds no real election")
	}
	fmt.Fprintf(out, "valid: transaction %s is in the ballot log of chain %s, place %d, as of block %d\n", r.TxHash, r.ChainID, r.LogIndex, head.Height)
	if mine > 0 {
		fmt.Fprintf(out, "it is ballot %d of %s\n", mine, state)
	}
	return nil
}

// ownBallot finds the receipt's ballot in a state file; its sequence number, 0
// without a file.
func ownBallot(state string, r *api.Receipt) (uint32, error) {
	if state == "" {
		return 0, nil
	}
	st, err := session.ReadFile(state)
	if err != nil {
		return 0, err
	}
	for _, c := range st.Casts() {
		if hash := envelope.Hash(c.Raw); [32]byte(r.TxHash) == hash {
			return c.Sequence, nil
		}
	}
	return 0, terminal.Difference(errors.New("the receipt is for none of the ballots in the state file"))
}
