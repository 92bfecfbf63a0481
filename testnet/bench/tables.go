package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Lines between which the tables stand in the document.
const (
	tablesBegin = "<!-- bench: written by make bench from build/bench.json, do not edit -->"
	tablesEnd   = "<!-- bench: end -->"
)

// tables writes the figures into a document, between its markers, and into the
// file beside it.
func (r *results) tables(path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write tables: %w", err)
	}
	before, rest, found := strings.Cut(string(text), tablesBegin)
	_, after, ended := strings.Cut(rest, tablesEnd)
	if !found || !ended {
		return fmt.Errorf("write tables: %s has no line %q and after it %q", path, tablesBegin, tablesEnd)
	}
	out := before + tablesBegin + "\n\n" + r.document() + "\n" + tablesEnd + after
	return errors.Join(os.WriteFile(path, []byte(out), 0o644), r.saveAs(published(path)))
}

func (r *results) document() string {
	var b strings.Builder
	m := r.group("machine")
	fmt.Fprintf(&b, "%v, %v cores, %v GiB, %v, %v. Last run at commit %v, %v.\n\n",
		orNone(m["cpu"]), orNone(m["cores"]), orNone(m["memory_gib"]), orNone(m["os"]), orNone(m["go"]), orNone(r.values["commit"]), orNone(r.values["date"]))
	if failed, _ := r.values["failed_stages"].([]any); len(failed) > 0 {
		fmt.Fprintf(&b, "Stages that failed in the last run: %v.\n\n", failed)
	}
	b.WriteString("### What must be reached\n\n")
	b.WriteString(r.goals())
	b.WriteString("\n### Growth\n\n")
	b.WriteString(r.growthTable())
	b.WriteString("\n### Verification\n\nAll checks of a ballot (decoding, Ed25519, tokens of k issuers, proof), one core.\n\n")
	b.WriteString(r.verifyTable())
	b.WriteString("\n### Runs\n\nLatency from the planned time of each ballot to the moment at which its receipt verifies, seconds.\n\n")
	b.WriteString(r.runsTable())
	return b.String()
}

// goal of the table: a key and what it must reach.
type goal struct {
	key, what string
	least     bool // the figure must be at least the bound, else at most
	bound     float64
	// of: the bound is a multiple of another key.
	of string
}

var goals = []goal{
	{"verify_per_s_core", "ballots verified a second and core, ten options, one issuer, batches of 1,024", true, 6000, ""},
	{"floor_tx_per_s_1v", "engine with an application that accepts everything, one validator", true, 0, ""},
	{"floor_tx_per_s_4v", "the same, four validators on this machine", true, 0, ""},
	{"accepted_per_s_1v", "ballots accepted a second, one validator", true, 0, ""},
	{"limit_share_1v", "share of 1 / (1/floor + check/cores)", true, 0.8, ""},
	{"accepted_per_s_4v", "ballots accepted a second, four validators on this machine", true, 1600, ""},
	{"p95_s_peak", "submit to verified receipt at the peak of 2024 (160/s), p95, seconds", false, 2, ""},
	{"p95_s_5x", "the same at five times the peak", false, 4, ""},
	{"flood_good_within_5s", "share of good ballots in a block within 5 s, in a flood of invalid ones", true, 0.99, ""},
	{"audit_per_s", "ballots of a record audited a second", true, 8000, ""},
	{"audit_rss_mb_1e5", "most memory of an audit of 10^5 ballots, MB", false, 512, ""},
	{"audit_rss_mb_1e6", "of 10^6", false, 512, ""},
	{"audit_rss_mb_1e6", "the same within 20 %", false, 1.2, "audit_rss_mb_1e5"},
	{"catchup_per_s", "ballots a second of a new observer from genesis", true, 0.7, "audit_per_s"},
	{"state_bytes_per_ballot", "bytes of state a ballot, beyond the engine's block store", false, 250, ""},
	{"state_bytes_per_issuance", "bytes of state an issuance", false, 0, ""},
	{"disk_per_tx_byte", "bytes on disk per byte of transactions, without the consensus WAL", false, 1.6, ""},
	{"result_s_1e3", "from the close to the result, 10^3 ballots, seconds", false, 0, ""},
	{"result_s_1e5", "10^5 ballots", false, 1.2, "result_s_1e3"},
	{"result_s_1e6", "10^6 ballots", false, 1.2, "result_s_1e3"},
	{"restart_s_1e5", "from kill -9 to the node's answer, 10^5 ballots, seconds", false, 5, ""},
	{"restart_s_1e6", "10^6 ballots", false, 5, ""},
	{"snapshot_restore_mb_s", "MB of snapshot restored and checked a second", true, 100, ""},
	{"voter_ms", "a device's token request, finalization and ballot of ten options, ms", false, 10, ""},
}

// verdict of a goal: its bound as text, and whether it is reached.
func (r *results) verdict(g goal, value float64) (bound, reached string) {
	limit := g.bound
	if g.of != "" {
		base, ok := r.number(g.of)
		if !ok {
			return "not measured: " + g.of, ""
		}
		limit *= base
	}
	switch {
	case g.bound == 0:
		return "reported", ""
	case g.least && value >= limit, !g.least && value <= limit:
		reached = "yes"
	default:
		reached = "**no**"
	}
	sign := "≤"
	if g.least {
		sign = "≥"
	}
	return sign + " " + figure(round(limit)), reached
}

func (r *results) goals() string {
	var b strings.Builder
	b.WriteString("| key | what | measured | must reach | reached | at commit |\n|---|---|---|---|---|---|\n")
	at := r.group(measuredAt)
	for _, g := range goals {
		value, ok := r.number(g.key)
		if !ok {
			fmt.Fprintf(&b, "| `%s` | %s | not measured | | | |\n", g.key, g.what)
			continue
		}
		bound, reached := r.verdict(g, value)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", g.key, g.what, figure(value), bound, reached, orNone(at[g.key]))
	}
	return b.String()
}

func (r *results) growthTable() string {
	all := r.group("growth")
	sizes := []string{"1e3", "1e4", "1e5", "1e6"}
	for _, k := range sortedKeys(all) {
		if !slices.Contains(sizes, k) {
			sizes = append(sizes, k)
		}
	}
	slices.SortFunc(sizes, func(a, b string) int { return int(math.Copysign(1, magnitude(a)-magnitude(b))) })
	var b strings.Builder
	b.WriteString("| one validator |")
	for _, s := range sizes {
		fmt.Fprintf(&b, " %s |", power(s))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(sizes)) + "\n")
	for _, row := range []struct{ key, what string }{
		{"accepted_per_s", "ballots accepted a second"}, {"issued_per_s", "tokens issued a second"},
		{"state_bytes_per_ballot", "bytes of state a ballot"}, {"state_bytes_per_issuance", "bytes of state an issuance"},
		{"disk_per_tx_byte", "disk per byte of transactions"}, {"ballot_bytes", "bytes of a ballot"}, {"issuance_bytes", "bytes of an issuance"},
		{"validator_rss_mb", "most memory of the validator, MB"}, {"restart_s", "restart, s"}, {"catchup_per_s", "catch-up, ballots a second"},
		{"result_s", "close to result, s"}, {"audit_per_s", "audit, ballots a second"}, {"audit_rss_mb", "most memory of the audit, MB"},
		{"record_bytes_per_ballot", "bytes of the record a ballot"}, {"counted_exactly", "count equals the choices"}, {"commit", "measured at commit"},
	} {
		fmt.Fprintf(&b, "| %s |", row.what)
		for _, s := range sizes {
			g, _ := all[s].(map[string]any)
			fmt.Fprintf(&b, " %s |", cell(g[row.key]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r *results) verifyTable() string {
	all := r.group("verify")
	if len(all) == 0 {
		return "Not measured.\n"
	}
	type row struct {
		options, k, batch int
		rate, bytes       any
	}
	var rows []row
	for name, v := range all {
		m, _ := v.(map[string]any)
		w := row{rate: m["per_s_core"], bytes: m["bytes"]}
		if _, err := fmt.Sscanf(name, "options=%d/k=%d/batch=%d", &w.options, &w.k, &w.batch); err == nil {
			rows = append(rows, w)
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return slices.Compare([]int{a.options, a.k, a.batch}, []int{b.options, b.k, b.batch})
	})
	var b strings.Builder
	b.WriteString("| options | k | batch | a second | bytes |\n|---|---|---|---|---|\n")
	for _, w := range rows {
		fmt.Fprintf(&b, "| %d | %d | %d | %s | %s |\n", w.options, w.k, w.batch, cell(w.rate), cell(w.bytes))
	}
	return b.String()
}

func (r *results) runsTable() string {
	all := r.group("runs")
	if len(all) == 0 {
		return "Not measured.\n"
	}
	var b strings.Builder
	b.WriteString("| run | sent | lost | doubled | s | a second | p50 | p95 | p99 | receipts fetched | their p95 | block interval, ms |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, name := range sortedKeys(all) {
		m, _ := all[name].(map[string]any)
		fmt.Fprintf(&b, "| `%s` |", name)
		for _, key := range []string{"sent", "lost", "doubled", "seconds", "per_second", "p50_s", "p95_s", "p99_s", "receipts_verified", "receipt_p95_s", "block_interval_ms"} {
			fmt.Fprintf(&b, " %s |", cell(m[key]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func orNone(v any) any {
	if v == nil || v == "" {
		return "unknown"
	}
	return v
}

// cell of a table.
func cell(v any) string {
	switch v := v.(type) {
	case float64:
		return figure(round(v))
	case bool:
		if v {
			return "yes"
		}
		return "**no**"
	case string:
		return v
	}
	return "not measured"
}

// figure with commas between thousands.
func figure(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	whole, part, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		return whole + "." + part
	}
	return whole
}

func magnitude(label string) float64 {
	v, err := strconv.ParseFloat(label, 64)
	if err != nil {
		return math.Inf(1)
	}
	return v
}

// power writes 1e5 as 10^5.
func power(label string) string { return strings.Replace(label, "1e", "10^", 1) }
