package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urna-vote/urna/offchain/terminal"
)

func decodeJSON(out []byte, into any) error {
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("%w in %s", err, tail(out, 300))
	}
	return nil
}

// audit fetches the observer's record and lets the separate verifier judge it.
func (d *demo) audit(ctx context.Context) error {
	if err := d.compare(ctx); err != nil {
		return err
	}
	record := d.path("record")
	observer := d.network.Node(validators).APIURL
	if _, err := d.run(ctx, "urna", "audit", "fetch", "--node", observer, "--genesis", d.network.Genesis(), record); err != nil {
		return err
	}
	out, err := d.run(ctx, "urna", "audit", record, "--json")
	if err != nil {
		d.summary.Audit = tail(out, 4000)
		return err
	}
	d.summary.Audit = "ok"
	return nil
}

// report prints the table and fails if anything is not as it must be.
func (d *demo) report() error {
	if err := d.printCounts(); err != nil {
		return err
	}
	var rows [][]string
	for _, reason := range slices.Sorted(maps.Keys(d.summary.Refused)) {
		rows = append(rows, []string{reason, strconv.Itoa(d.summary.Refused[reason])})
	}
	fmt.Fprintln(d.out, "\nRefused, as it must be:")
	if err := terminal.Table(d.out, []string{"reason", "attempts"}, rows); err != nil {
		return err
	}
	s := d.summary
	total := 0.0
	for _, seconds := range s.Seconds {
		total += seconds
	}
	fmt.Fprintf(d.out, "\n%d voters, %d tokens issued, %d ballots accepted, %d recasts, %d receipts checked, %.0f bytes a ballot, audit %s, %.0f s\n",
		s.Voters, s.Issued, s.Accepted, s.Recasts, s.ReceiptsChecked, s.TxBytesMean, s.Audit, total)
	if err := s.write(d.options.dir); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nWhere to look next:\n  %s\n  %s audit %s\n  %s\n", d.path("summary.json"), d.options.bin+"/urna", d.path("record"), "docs/BALLOT-CYCLE.md")
	if d.options.keep {
		if err := d.printAddresses(); err != nil {
			return err
		}
	}
	return d.verdict()
}

// printAddresses says where the network that goes on can be reached, and how
// to stop it.
func (d *demo) printAddresses() error {
	fmt.Fprintln(d.out, "\nStill running:")
	var pids []string
	for i, url := range d.network.URLs() {
		fmt.Fprintf(d.out, "  %s %s\n", d.network.Node(i).Name, url)
		pids = append(pids, strconv.Itoa(d.network.Node(i).PID()))
	}
	all := d.gateways
	if d.registrar != nil {
		all = append([]*gateway{d.registrar}, all...)
	}
	for i, p := range d.services.processes {
		fmt.Fprintf(d.out, "  %s %s\n", []string{"portal", "telephones", "mailboxes"}[i], []string{d.services.portal, d.services.phones, d.services.mails}[i])
		pids = append(pids, strconv.Itoa(p.cmd.Process.Pid))
	}
	for _, g := range all {
		for i, p := range g.processes {
			if p.running() {
				fmt.Fprintf(d.out, "  %s %s\n", g.name, g.urls[i])
				pids = append(pids, strconv.Itoa(p.cmd.Process.Pid))
			}
		}
	}
	list := d.path("pids")
	if err := os.WriteFile(list, []byte(strings.Join(pids, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "Stop it with: kill $(cat %s)\n", list)
	return nil
}

func (d *demo) verdict() error {
	s := d.summary
	var wrong []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	check(s.Differences == 0, "%d candidates have another count than expected", s.Differences)
	check(s.Issued == s.Voters, "%d tokens issued for %d voters", s.Issued, s.Voters)
	check(s.Accepted == s.Voters, "%d ballots accepted of %d voters", s.Accepted, s.Voters)
	check(s.Audit == "ok", "the audit says %s", s.Audit)
	check(s.ReceiptsChecked == s.Voters, "%d receipts checked of %d", s.ReceiptsChecked, s.Voters)
	return errors.Join(wrong...)
}

// printCounts shows expected and counted votes, summed over counting groups.
func (d *demo) printCounts() error {
	fmt.Fprintln(d.out)
	for c, contest := range d.electorate.Contests {
		var rows [][]string
		expected, counted := make([]uint64, len(contest.Options)), make([]uint64, len(contest.Options))
		for _, s := range d.summary.Contests {
			if s.Contest != d.electorate.Contests[c].Title {
				continue
			}
			for o, name := range contest.Options {
				expected[o] += s.Expected[name]
				counted[o] += s.Counted[name]
			}
		}
		for o, name := range contest.Options {
			mark := ""
			if expected[o] != counted[o] {
				mark = "DIFFERS"
			}
			rows = append(rows, []string{name, strconv.FormatUint(expected[o], 10), strconv.FormatUint(counted[o], 10), mark})
		}
		fmt.Fprintln(d.out, contest.Title)
		if err := terminal.Table(d.out, []string{"  option", "expected", "counted", ""}, rows); err != nil {
			return err
		}
		fmt.Fprintln(d.out)
	}
	return nil
}
