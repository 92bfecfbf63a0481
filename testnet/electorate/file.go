package electorate

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
)

//go:embed data/minneapolis-2013-mayor/ballots.csv.gz
var minneapolisBallots []byte

// Values of a choice that mark nothing: left empty, and more than one mark.
const (
	undervote = "undervote"
	overvote  = "overvote"
)

var columns = []string{"precinct", "first", "second", "third"}

// limits of a file of ballots, so that a wrong file is refused and not read for hours.
const (
	mostCandidates = 200
	mostPrecincts  = 20_000
)

// ward takes the precinct's number off a name like "MINNEAPOLIS W-7 P-10".
var ward = regexp.MustCompile(`^(.*\S)\s+P-\d+[A-Z]?$`)

// Minneapolis is the mayor's election of 2013: two contests, the first choice
// (one of 36 or none) and the set of the choices (none to three of 36).
func Minneapolis(scale float64, seed uint64) (*Electorate, error) {
	e, err := read(bytes.NewReader(minneapolisBallots), "ballots.csv.gz", true, scale, seed)
	if err != nil {
		return nil, err
	}
	e.Title = "Mayor of Minneapolis, 2013"
	return e, nil
}

// File reads ballots with the columns precinct, first, second, third; its
// candidates and precincts are those that occur in it.
func File(path string, scale float64, seed uint64) (*Electorate, error) {
	if !strings.HasSuffix(path, ".csv") && !strings.HasSuffix(path, ".csv.gz") {
		return nil, fmt.Errorf("%s: give moscow, minneapolis, or a file that ends in .csv or .csv.gz", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open ballots: %w", err)
	}
	defer f.Close()
	return read(f, path, strings.HasSuffix(path, ".gz"), scale, seed)
}

type row struct {
	precinct string
	ranked   [3]string
}

func read(in io.Reader, name string, zipped bool, scale float64, seed uint64) (*Electorate, error) {
	if zipped {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%s: not gzip: %w", name, err)
		}
		in = z
	}
	rows, err := readRows(in, name)
	if err != nil {
		return nil, err
	}
	e, style, option := layout(name, rows)
	if n := len(e.Contests[0].Options); n < 1 || n > mostCandidates {
		return nil, fmt.Errorf("%s: %d candidates; 1 to %d are possible", name, n, mostCandidates)
	}
	if len(e.Styles) > mostPrecincts {
		return nil, fmt.Errorf("%s: %d precincts are more than %d", name, len(e.Styles), mostPrecincts)
	}
	r := random(seed)
	if n := int(float64(len(rows))*scale + 0.5); n < len(rows) {
		chosen := r.Perm(len(rows))[:max(n, 1)]
		slices.Sort(chosen)
		for i, at := range chosen {
			rows[i] = rows[at]
		}
		rows = rows[:len(chosen)]
	}
	for _, row := range rows {
		e.Voters = append(e.Voters, row.voter(style, option))
	}
	e.shuffle(r)
	return e, nil
}

func readRows(in io.Reader, name string) ([]row, error) {
	c := csv.NewReader(in)
	c.ReuseRecord = true
	c.FieldsPerRecord = len(columns)
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: is empty; its first line must be the columns %q", name, columns)
	}
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return nil, fmt.Errorf("%s: line 1: %w", name, err)
	}
	if !slices.Equal(head, columns) {
		return nil, fmt.Errorf("%s: line 1: the columns are %q, want %q", name, head, columns)
	}
	var rows []row
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		for i, value := range record {
			if strings.TrimSpace(value) == "" {
				return nil, fmt.Errorf("%s: line %d: %s is empty; write undervote where nothing was marked", name, line, columns[i])
			}
		}
		rows = append(rows, row{strings.Clone(record[0]), [3]string{strings.Clone(record[1]), strings.Clone(record[2]), strings.Clone(record[3])}})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: no ballots", name)
	}
	return rows, nil
}

// layout makes contests and styles from what occurs: a precinct is a style, a
// ward a counting group and, since all its ballots are alike, a token class.
func layout(name string, rows []row) (e *Electorate, style, option map[string]int) {
	precincts, candidates, wards := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		precincts[r.precinct] = true
		wards[wardOf(r.precinct)] = true
		for _, c := range r.ranked {
			if c != undervote && c != overvote {
				candidates[c] = true
			}
		}
	}
	options := sorted(candidates)
	option = index(options)
	e = &Electorate{Title: name, Groups: sorted(wards), Classes: sorted(wards)}
	e.Contests = []Contest{
		{Title: "First choice", Options: options, Min: 0, Max: 1, FirstSlot: 1},
		{Title: "Set of up to three choices", Options: options, Min: 0, Max: min(3, len(options)), FirstSlot: 1 + len(options)},
	}
	group := index(e.Groups)
	names := sorted(precincts)
	for _, p := range names {
		g := group[wardOf(p)]
		e.Styles = append(e.Styles, Style{Name: p, Group: g, Class: g, Contests: []int{0, 1}})
	}
	return e, index(names), option
}

func (r row) voter(style, option map[string]int) Voter {
	v := Voter{Style: style[r.precinct], Choices: [][]int{{}, {}}}
	for rank, name := range r.ranked {
		o, marked := option[name]
		if !marked {
			continue
		}
		if rank == 0 {
			v.Choices[0] = append(v.Choices[0], o)
		}
		if !slices.Contains(v.Choices[1], o) {
			v.Choices[1] = append(v.Choices[1], o)
		}
	}
	return v
}

func wardOf(precinct string) string {
	if m := ward.FindStringSubmatch(precinct); m != nil {
		return m[1]
	}
	return "all precincts"
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	sort.Strings(list)
	return list
}

func index(list []string) map[string]int {
	at := make(map[string]int, len(list))
	for i, s := range list {
		at[s] = i
	}
	return at
}
