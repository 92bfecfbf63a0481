package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/terminal"
)

// verification holds the flags of a command that verifies.
type verification struct {
	work   string
	resume bool
}

func newAuditCommand() *cobra.Command {
	var until int64
	var w verification
	cmd := &cobra.Command{
		Use:   "audit DIR",
		Short: "Verify a public record from its first block to its last",
		Long: `Verify a public record: headers, commits, every transaction by the rules, every
signature, token, ballot proof, decryption share and count, and at the end that
what the record leads to is what the validators signed. It needs no node and no
network. It ends with code 3 if anything differs, is missing or is damaged.

Memory does not grow with the record: what there is of each voter is kept in a
work directory, half a kilobyte a voter, and where ballots may be recast as much
again as the ballots have. Every half minute a checkpoint is written there; after
an interruption --resume goes on from it. When verification has ended the
directory is removed.`,
		Example: "  urna audit fetch --node http://node.example:26680 --genesis genesis.json record\n  urna audit record\n  urna audit --json record\n  urna audit --resume record",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runAudit(cmd, args[0], until, w) },
	}
	cmd.Flags().StringVar(&w.work, "work", "", "directory for the work (default: DIR.audit)")
	cmd.Flags().BoolVar(&w.resume, "resume", false, "go on from the checkpoint in the work directory")
	cmd.Flags().Int64Var(&until, "until", 0, "last height to verify (default: all)")
	cmd.AddCommand(newFetchCommand())
	return cmd
}

func newFetchCommand() *cobra.Command {
	var conn connection
	var until int64
	cmd := &cobra.Command{
		Use:   "fetch DIR",
		Short: "Fetch the public record of a chain, or continue one",
		Long: `Fetch the public record of a chain into a directory, or continue the one that is
there: blocks, the last commit and the proven summary of each election. It can be
run again and again while voting goes on.`,
		Example: "  urna audit fetch --node http://node.example:26680 --genesis genesis.json record",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFetch(cmd, conn, args[0], until)
		},
	}
	conn.register(cmd)
	cmd.Flags().Int64Var(&until, "until", 0, "height to reach at least (default: what the node has)")
	return cmd
}

func runFetch(cmd *cobra.Command, conn connection, dir string, until int64) error {
	c, err := conn.open()
	if err != nil {
		return err
	}
	defer c.Close()
	progress := newProgress(cmd, "blocks fetched")
	rec, err := record.Fetch(cmd.Context(), record.Request{Source: c, Genesis: c.Trust().Genesis().Raw, Dir: dir, Until: until, Progress: progress.Set})
	if err != nil {
		return err
	}
	progress.Done()
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{
			"chain_id": rec.ChainID(), "first": rec.First(), "last": rec.Last(), "elections": len(rec.Summaries()),
		})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "record of %s: blocks %d to %d, %d elections; verify it with: urna audit %s\n",
		rec.ChainID(), rec.First(), rec.Last(), len(rec.Summaries()), dir)
	return err
}

// newProgress shows progress beside the results, or nothing to a script.
func newProgress(cmd *cobra.Command, what string) *terminal.Progress {
	if asJSON(cmd) {
		return terminal.NewProgress(nil, what, 0)
	}
	return terminal.NewProgress(cmd.ErrOrStderr(), what, 0)
}

// verified shows how much of the blocks is verified.
func verified(p *terminal.Progress) func(verify.Progress) {
	return func(x verify.Progress) { p.Set(x.Bytes>>10, x.Total>>10) }
}

// options of a verification that can be interrupted.
func (w verification) options(cmd *cobra.Command, progress *terminal.Progress) verify.Options {
	return verify.Options{
		Progress: verified(progress), Work: w.work, Resume: w.resume,
		Note: func(line string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), line) },
	}
}

func runAudit(cmd *cobra.Command, dir string, until int64, w verification) error {
	boundMemory()
	rec, err := record.Open(dir)
	if errors.Is(err, record.ErrDamaged) {
		return terminal.Difference(err)
	}
	if err != nil {
		return err
	}
	if w.work == "" {
		full, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("find a work directory: %w", err)
		}
		w.work = full + ".audit"
	}
	progress := newProgress(cmd, "KiB of blocks verified")
	opt := w.options(cmd, progress)
	opt.Until = until
	report, err := verify.Run(cmd.Context(), rec, opt)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; --resume goes on from %s", err, w.work)
	}
	if err != nil {
		return err
	}
	progress.Done()
	if err := verify.RemoveWork(w.work); err != nil {
		return err
	}
	if asJSON(cmd) {
		err = terminal.WriteJSON(cmd.OutOrStdout(), report)
	} else {
		err = printReport(cmd.OutOrStdout(), report)
	}
	if err != nil {
		return err
	}
	if !report.OK() {
		return terminal.Difference(fmt.Errorf("the record does not verify: %d findings", uint64(len(report.Findings))+report.More))
	}
	return nil
}

func printReport(w io.Writer, r *verify.Report) error {
	p := &printer{w: w}
	p.line("chain %s, blocks %d to %d", r.ChainID, r.First, r.Last)
	if r.Rehearsal {
		p.line("REHEARSAL: these are no votes")
	}
	p.line("genesis SHA-256 %s\n", r.Genesis)
	rows := make([][]string, len(r.Checks))
	for i, c := range r.Checks {
		rows[i] = []string{c.Name, fmt.Sprint(c.Made), fmt.Sprint(c.Failed)}
	}
	p.table([]string{"check", "made", "failed"}, rows)
	for _, e := range r.Elections {
		p.election(e)
	}
	for _, f := range r.Findings {
		p.line("FINDING %s", f)
	}
	if r.More > 0 {
		p.line("and %d findings more", r.More)
	}
	if r.OK() {
		p.line("\nVERIFIED: every check holds")
	} else {
		p.line("\nNOT VERIFIED")
	}
	return p.err
}

// printer keeps the first error of writing.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) table(header []string, rows [][]string) {
	if p.err == nil {
		p.err = terminal.Table(p.w, header, rows)
	}
}

func (p *printer) election(e verify.Election) {
	p.line("\nelection %s %s", e.ID, anyTitle(e.Title))
	for _, w := range e.Warnings {
		p.line("  warning: %s", w)
	}
	var rows [][]string
	for _, c := range e.Classes {
		rows = append(rows, []string{c.Name, fmt.Sprint(c.Roll), fmt.Sprint(c.Removed), fmt.Sprint(c.Issued), fmt.Sprint(c.Accepted), fmt.Sprint(c.Recasts), fmt.Sprint(c.Silent)})
	}
	p.table([]string{"token class", "roll", "removed", "issued", "accepted", "recasts", "unanswered"}, rows)
	for _, a := range e.Asked {
		p.line("%s was asked for %d signatures on the ledger, answered %d, and was silent on %d", a.Issuer, a.Claims, a.Answered, a.Silent)
	}
	for _, z := range e.Zones {
		p.line("zone %d: %s", z.Zone, z.Phase)
		if len(z.ProtocolHash) > 0 {
			p.line("protocol of results %s, approved: %v", z.ProtocolHash, z.Final)
		}
		for _, c := range z.Counts {
			p.line("contest %d %s; %s; %d ballots", c.Contest, c.Title, strings.Join(c.Titles, " + "), c.Ballots)
			rows := make([][]string, len(c.Options))
			for i, o := range c.Options {
				rows[i] = []string{"  " + o.Title, fmt.Sprint(o.Count)}
			}
			p.table([]string{"  option", "votes"}, rows)
		}
	}
}

func anyTitle(titles map[string]string) string {
	for _, lang := range []string{"en", "ru"} {
		if t, ok := titles[lang]; ok {
			return t
		}
	}
	return ""
}

// join lists numbers for people.
func join(list []uint32) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, ",")
}
