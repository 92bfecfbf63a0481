package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/replay"
)

// replayEvery is how often a replay says how far it is.
const replayEvery = 5 * time.Second

func newReplayCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "replay RECORD",
		Short: "Execute the blocks of a public record and compare the hashes",
		Long: `Execute the blocks of a fetched record (urna audit fetch) with this program and
compare the application hash and the results of each with what the next header
says. It needs no network. Stopped, it goes on where it was.

It shows that this program comes to the state that the validators signed; whether
that state keeps the rules is shown by urna audit, which shares no code with it.`,
		Example: "  urnad replay --state replayed record",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := record.Open(args[0])
			if err != nil {
				return err
			}
			begun := time.Now()
			next := begun.Add(replayEvery)
			out, err := replay.Run(cmd.Context(), rec, replay.Options{Dir: dir, Progress: func(height, last int64) {
				if now := time.Now(); now.After(next) {
					next = now.Add(replayEvery)
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "replayed block %d of %d\n", height, last)
				}
			}})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "REPLAYED: blocks %d to %d in %s, every hash is the record's; the application hash is now %x\n",
				out.From, out.Last, time.Since(begun).Round(time.Millisecond), out.AppHash)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "state", "", "directory for the state, kept to go on from")
	_ = cmd.MarkFlagRequired("state") // the flag exists
	return cmd
}
