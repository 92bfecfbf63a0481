package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMetricsAreReadFromBenchmarks(t *testing.T) {
	found := parseBench([]byte("goos: linux\nBenchmarkBallotAllChecks/options=10/k=1/batch=1024-2   12  95 ns/op   7000 ballots/s  1370 bytes/ballot\nPASS\nBenchmarkOther 1 5 ns/op\n"))
	if len(found) != 2 || found["BenchmarkBallotAllChecks/options=10/k=1/batch=1024"]["ballots/s"] != 7000 || found["BenchmarkOther"]["ns/op"] != 5 {
		t.Fatal(found)
	}
}

func TestFiguresOfAnEarlierRunStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "bench.json")
	r, err := openResults(path, "")
	if err != nil {
		t.Fatal(err)
	}
	r.set("audit_per_s", 9000.0)
	r.put("growth", "1e4", generic(growth{Ballots: 10_000, AuditPerS: 8100, CountedExactly: true}))
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	again, err := openResults(path, "")
	if err != nil {
		t.Fatal(err)
	}
	again.put("growth", "1e5", generic(growth{Ballots: 100_000, AuditPerS: 8200}))
	again.set("catchup_per_s", 6300.0)
	if v, ok := again.number("audit_per_s"); !ok || v != 9000 || len(again.group("growth")) != 2 {
		t.Fatal(again.values)
	}
	other, err := openResults(path+".none", path)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := other.number("audit_per_s"); !ok || v != 9000 {
		t.Error("another checkout does not go on with what was published")
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openResults(path, ""); err == nil {
		t.Error("a damaged file of figures was taken for empty")
	}
}

func TestTablesSayWhatIsReachedAndWhatIsNotMeasured(t *testing.T) {
	dir := t.TempDir()
	doc := filepath.Join(dir, "doc.md")
	if err := os.WriteFile(doc, []byte("before\n"+tablesBegin+"\nold\n"+tablesEnd+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &results{path: filepath.Join(dir, "b.json"), values: map[string]any{}}
	r.set("audit_per_s", 9000.0)
	r.set("catchup_per_s", 6000.0) // the bound is 0.7 × 9,000
	r.set("voter_ms", 1.5)
	r.set("accepted_per_s_4v", 1599.0)
	r.put("growth", "1e4", generic(growth{AuditPerS: 8123, CountedExactly: true, Commit: "abc"}))
	r.put("verify", "options=10/k=1/batch=1024", map[string]any{"per_s_core": 7000.0, "bytes": 1300.0})
	r.put("runs", "p95_s_peak", map[string]any{"sent": 9600.0, "p95_s": 1.25})
	if err := r.tables(doc); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n" + tablesBegin, tablesEnd + "\nafter\n",
		"| 9,000 | ≥ 8,000 | yes |", "| 6,000 | ≥ 6,300 | **no** |", "| 1.5 | ≤ 10 | yes |", "| 1,599 | ≥ 1,600 | **no** |",
		"`limit_share_1v` | share of 1 / (1/floor + check/cores) | not measured |",
		"| audit, ballots a second | not measured | 8,123 | not measured | not measured |", "| 10 | 1 | 1024 | 7,000 | 1,300 |", "| `p95_s_peak` | 9,600 |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old tables stand still")
	}
	if err := os.WriteFile(doc, []byte("no markers"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.tables(doc); err == nil {
		t.Error("a document without markers was written over")
	}
}

func TestTheLimitJoinsFloorAndCheck(t *testing.T) {
	r := &results{values: map[string]any{}}
	b := &bench{results: r}
	b.limit()
	if _, ok := r.number("limit_share_1v"); ok {
		t.Fatal("a share of nothing")
	}
	r.set("floor_tx_per_s_1v", 20_000.0)
	r.set("verify_per_s_core", 8000.0)
	r.set("accepted_per_s_1v", 5000.0)
	b.limit()
	want := 5000 * (1/20_000.0 + 1/8000.0/float64(cores()))
	if share, _ := r.number("limit_share_1v"); share != round(want) {
		t.Fatalf("%v, want %v", share, want)
	}
}

func TestBallotsOfFourAreSharedWithoutOverlap(t *testing.T) {
	for _, n := range []int{2000, 4000, 100_000, 400_000} {
		s, err := share(n, time.Minute)
		if err != nil {
			t.Fatal(n, err)
		}
		at := 0
		for _, part := range [][2]int{s.peak, s.five, s.flood, s.fast} {
			if part[0] != at || part[1] <= part[0] {
				t.Fatalf("%d ballots: %+v", n, s)
			}
			at = part[1]
		}
		if at != n-floodVoters {
			t.Fatalf("%d ballots: %d shared out, %d are the flood's", n, at, floodVoters)
		}
	}
	if _, err := share(100, time.Minute); err == nil {
		t.Error("a hundred ballots were shared")
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 12: "12", 1234: "1,234", 1234567: "1,234,567", 1.25: "1.25", -1234.5: "-1,234.5"} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for n, want := range map[int]string{1000: "1e3", 1_000_000: "1e6", 5000: "5000", 10: "1e1", 101: "101"} {
		if got := label(n); got != want {
			t.Errorf("%d is labelled %q, want %q", n, got, want)
		}
	}
	if round(123456) != 123500 || round(0.0123456) != 0.01235 || round(0) != 0 {
		t.Error("rounding", round(123456), round(0.0123456))
	}
	text, err := json.Marshal(map[string]float64{"x": round(0.812345)})
	if err != nil || string(text) != `{"x":0.8123}` {
		t.Error(string(text), err)
	}
}
