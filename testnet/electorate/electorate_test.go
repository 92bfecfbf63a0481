package electorate_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/urna-vote/urna/testnet/electorate"
)

func TestMinneapolisAtFullScaleGivesThePublishedFirstChoices(t *testing.T) {
	e, err := electorate.Minneapolis(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Voters) != 80_101 || len(e.Styles) != 117 || len(e.Groups) != 13 || len(e.Contests[0].Options) != 36 {
		t.Fatalf("%d voters, %d styles, %d groups, %d options", len(e.Voters), len(e.Styles), len(e.Groups), len(e.Contests[0].Options))
	}
	totals := publishedTotals(t)
	counts := e.Expected()
	marked := uint64(0)
	for o, name := range e.Contests[0].Options {
		n := uint64(0)
		for g := range e.Groups {
			n += counts[g][0][o]
		}
		marked += n
		if n != totals[name] {
			t.Errorf("%s: %d, published %d", name, n, totals[name])
		}
	}
	if blank := uint64(len(e.Voters)) - marked; blank != totals["undervote"]+totals["overvote"] {
		t.Errorf("%d blank, published %d + %d", blank, totals["undervote"], totals["overvote"])
	}
}

// publishedTotals is how often each value stands as first choice in the published
// ballots, "undervote" and "overvote" among them.
func publishedTotals(t *testing.T) map[string]uint64 {
	t.Helper()
	file, err := os.Open("data/minneapolis-2013-mayor/first-choice-totals.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string]uint64{}
	for _, row := range rows[1:] {
		if totals[row[0]], err = strconv.ParseUint(row[1], 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return totals
}

func TestMoscowAtFullScaleGivesThePublishedVotes(t *testing.T) {
	e, err := electorate.Moscow(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Voters) != 1_826_287 {
		t.Fatalf("%d voters", len(e.Voters))
	}
	if got := e.Expected()[0][1][0]; got != 55_803 || e.Contests[1].Options[0] != "БАЖЕНОВ Тимофей Тимофеевич" {
		t.Errorf("%s: %d", e.Contests[1].Options[0], got)
	}
}

func TestMoscowScaledDownKeepsProportions(t *testing.T) {
	e, err := electorate.Load("moscow", 0, 7)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Voters); n < 1_800 || n > 1_850 {
		t.Fatalf("%d voters", n)
	}
	if got := e.Expected()[0][1][0]; got != 56 {
		t.Errorf("55,803 votes scaled by a thousand are %d", got)
	}
	again, err := electorate.Load("moscow", 0, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Voters {
		if e.Voters[i].Style != again.Voters[i].Style || e.Voters[i].Choices[0][0] != again.Voters[i].Choices[0][0] {
			t.Fatal("the same seed gave other voters")
		}
	}
}

func TestFileRefusals(t *testing.T) {
	cases := map[string]struct{ name, text, want string }{
		"ending":   {"b.txt", "precinct,first,second,third\nA,X,Y,Z\n", ".csv or .csv.gz"},
		"columns":  {"b.csv", "precinct,one,two,three\nA,X,Y,Z\n", "line 1"},
		"a column": {"b.csv", "precinct,first,second\nA,X,Y\n", `want ["precinct" "first" "second" "third"]`},
		"no bytes": {"b.csv", "", "is empty"},
		"short":    {"b.csv", "precinct,first,second,third\nA,X,Y\n", "line 2"},
		"empty":    {"b.csv", "precinct,first,second,third\n", "no ballots"},
		"no field": {"b.csv", "precinct,first,second,third\nA,X,,Z\n", "line 2: second is empty"},
		"not gzip": {"b.csv.gz", "precinct,first,second,third\nA,X,Y,Z\n", "not gzip"},
		"blank":    {"b.csv", "precinct,first,second,third\nA,undervote,undervote,undervote\n", "0 candidates"},
	}
	for what, c := range cases {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := electorate.Load(path, 0, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
}

func TestScaleOutsideZeroToOneIsRefused(t *testing.T) {
	for _, scale := range []float64{-1, 2, math.NaN(), math.Inf(1)} {
		if _, err := electorate.Load("moscow", scale, 1); err == nil || !strings.Contains(err.Error(), "at most 1") {
			t.Errorf("scale %v: got %v", scale, err)
		}
	}
}

func TestFileTakesCandidatesAndPrecinctsFromTheRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.csv")
	text := "precinct,first,second,third\nNorth,Ann,Bob,undervote\nSouth,Bob,Bob,overvote\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := electorate.Load(path, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	counts := e.Expected()
	if len(e.Styles) != 2 || counts[0][0][0] != 1 || counts[0][0][1] != 1 || counts[0][1][0] != 1 || counts[0][1][1] != 2 {
		t.Errorf("styles %v, counts %v", e.Styles, counts)
	}
}
