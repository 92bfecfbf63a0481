package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/terminal"
)

func newDatabaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "database",
		Short: "Bring the tables of the gateway's database up to date, or back",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDatabaseUpCommand(), newDatabaseDownCommand(), newDatabaseStatusCommand())
	return cmd
}

func newDatabaseUpCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "up --config FILE",
		Short: "Bring the tables up to date",
		Long: `Bring the tables up to date.

Every command that opens the database does this too, "serve" among them; replicas
take turns. A database that a newer program brought up to date is refused.`,
		Example: "  urna-gateway database up --config issuer/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			if err := database.Up(cmd.Context(), cfg.Database); err != nil {
				return err
			}
			return showMigrations(cmd, cfg)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newDatabaseDownCommand() *cobra.Command {
	var file string
	var yes bool
	cmd := &cobra.Command{
		Use:   "down --config FILE --yes",
		Short: "Undo the last migration; what its tables hold is lost",
		Long: `Undo the last migration; what its tables hold is lost.

For going back to an older program: stop every replica, make a backup, run this
with the newer program as often as it has migrations that the older one does not
know, and start the older one. Each call undoes one.`,
		Example: "  urna-gateway database down --config issuer/gateway.toml --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return terminal.Usage("tables and what they hold would be lost: make a backup, then say --yes")
			}
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			number, err := database.Down(cmd.Context(), cfg.Database)
			if err != nil {
				return err
			}
			if number == 0 {
				return show(cmd, map[string]int64{"undone": 0}, "no migration is applied")
			}
			return show(cmd, map[string]int64{"undone": number}, "migration %d undone", number)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&yes, "yes", false, "lose what the tables hold")
	return cmd
}

func newDatabaseStatusCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "status --config FILE",
		Short:   "Show which migrations are applied",
		Example: "  urna-gateway database status --config issuer/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			return showMigrations(cmd, cfg)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func showMigrations(cmd *cobra.Command, cfg config.Config) error {
	list, err := database.Status(cmd.Context(), cfg.Database)
	if err != nil {
		return err
	}
	if on, _ := cmd.Flags().GetBool("json"); on {
		return terminal.WriteJSON(cmd.OutOrStdout(), list)
	}
	var rows [][]string
	for _, m := range list {
		state := "pending"
		if m.Applied {
			state = "applied"
		}
		rows = append(rows, []string{strconv.FormatInt(m.Number, 10), m.Name, state})
	}
	return terminal.Table(cmd.OutOrStdout(), []string{"number", "migration", "state"}, rows)
}

func newJournalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Show and verify the record of what the gateway's staff did",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newJournalShowCommand(), newJournalVerifyCommand())
	return cmd
}

func newJournalShowCommand() *cobra.Command {
	var file string
	var from int64
	cmd := &cobra.Command{
		Use:     "show --config FILE",
		Short:   "Show the journal",
		Example: "  urna-gateway journal show --config issuer/gateway.toml --from 120",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := openDatabase(cmd, file)
			if err != nil {
				return err
			}
			defer db.Close()
			asJSON, _ := cmd.Flags().GetBool("json")
			return journal.Read(cmd.Context(), db, from, func(r journal.Row) error {
				if asJSON {
					return terminal.WriteJSON(cmd.OutOrStdout(), r)
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d  %s  %s  %s  %s\n", r.Seq, time.UnixMilli(r.TimeMS).UTC().Format(time.RFC3339),
					terminal.Plain(r.Actor), terminal.Plain(r.Action), terminal.Plain(r.Object))
				return err
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().Int64Var(&from, "from", 1, "number of the first row to show")
	return cmd
}

func newJournalVerifyCommand() *cobra.Command {
	var file, head string
	cmd := &cobra.Command{
		Use:   "verify --config FILE",
		Short: "Verify that no row of the journal was changed, taken out or put in",
		Long: `Verify that no row of the journal was changed, taken out or put in.

It prints the head, "ROWS:HASH". Note it where whoever has the database cannot
write: with --noted a later call shows that all up to there is what it was.`,
		Example: "  urna-gateway journal verify --config issuer/gateway.toml --noted 119:5f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, hash, err := parseHead(head)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd, file)
			if err != nil {
				return err
			}
			defer db.Close()
			n, now, err := journal.Holds(cmd.Context(), db, rows, hash)
			if err != nil {
				return err
			}
			text := fmt.Sprintf("%d:%x", n, now)
			return show(cmd, map[string]any{"rows": n, "head": text}, "%d rows, unchanged\nhead %s", n, text)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&head, "noted", "", "head that an earlier call printed")
	return cmd
}

// parseHead reads "ROWS:HASH"; nothing is the head of the empty journal.
func parseHead(text string) (rows int64, hash [32]byte, err error) {
	if text == "" {
		return 0, hash, nil
	}
	number, digits, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(digits)
	rows, second := strconv.ParseInt(number, 10, 64)
	if err != nil || second != nil || rows < 0 || len(b) != len(hash) {
		return 0, hash, terminal.Usage("--noted: %q is not the number of rows, a colon and 64 hex digits", text)
	}
	return rows, [32]byte(b), nil
}

func openDatabase(cmd *cobra.Command, file string) (*database.DB, error) {
	cfg, err := config.Load(file, os.Environ())
	if err != nil {
		return nil, err
	}
	return database.Open(cmd.Context(), cfg.Database)
}
