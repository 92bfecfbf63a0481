package electors

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Territory is where an elector votes.
type Territory struct {
	Code, Name string
	// Styles are names of ballot styles, one for each election that is held
	// together; none means that there is no remote voting.
	Styles []string
}

// maxTerritories bounds the table, which is held in memory.
const maxTerritories = 200_000

var territoriesHeader = []string{"territory", "name", "style"}

// ReadTerritories reads the territories file. Every bad line is named.
func ReadTerritories(r io.Reader) (map[string]Territory, error) {
	lines := csv.NewReader(r)
	lines.Comma = ';'
	lines.FieldsPerRecord = len(territoriesHeader)
	head, err := lines.Read()
	if err != nil || !slices.Equal(head, territoriesHeader) {
		return nil, errors.New("territories file: line 1 must be territory;name;style")
	}
	found, bad := map[string]Territory{}, &BadLines{What: "territories file"}
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line := lineOf(lines, err)
		if err != nil {
			bad.add(line, csvReason(err))
			if !errors.Is(err, csv.ErrFieldCount) {
				break
			}
			continue
		}
		t, err := territory(record)
		if _, twice := found[t.Code]; err == nil && twice {
			err = errors.New("the territory stands on an earlier line already")
		}
		if err == nil && len(found) >= maxTerritories {
			err = fmt.Errorf("more than %d territories", maxTerritories)
		}
		if err != nil {
			bad.add(line, err.Error())
			continue
		}
		found[t.Code] = t
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("territories file: no territory")
	}
	return found, nil
}

func territory(record []string) (Territory, error) {
	t := Territory{Code: record[0], Name: record[1]}
	switch {
	case !plain(t.Code, 100):
		return t, errors.New("territory is empty, too long, or has blanks around it")
	case !plain(t.Name, 500):
		return t, errors.New("name is empty, too long, or has blanks around it")
	case record[2] == "":
		return t, nil
	}
	for _, style := range strings.Split(record[2], "|") {
		if !plain(style, 200) || slices.Contains(t.Styles, style) {
			return t, errors.New("style: names joined by |, none empty, none twice")
		}
		t.Styles = append(t.Styles, style)
	}
	return t, nil
}

func plain(text string, max int) bool {
	return text != "" && len(text) <= max && strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
}

// BadLines is a refused file: which lines, and why each. It repeats nothing of them.
type BadLines struct {
	What  string
	Lines []BadLine
	// More lines are bad than are listed.
	More int
}

// BadLine is one of them.
type BadLine struct {
	Line   int
	Reason string
}

// maxReported is how many bad lines a refusal spells out.
const maxReported = 1000

func (b *BadLines) add(line int, reason string) {
	if len(b.Lines) >= maxReported {
		b.More++
		return
	}
	b.Lines = append(b.Lines, BadLine{Line: line, Reason: reason})
}

func (b *BadLines) err() error {
	if len(b.Lines) == 0 {
		return nil
	}
	return b
}

func (b *BadLines) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, nothing was imported:", b.What)
	for _, l := range b.Lines {
		fmt.Fprintf(&out, "\nline %d: %s", l.Line, l.Reason)
	}
	if b.More > 0 {
		fmt.Fprintf(&out, "\nand %d lines more", b.More)
	}
	return out.String()
}

// lineOf is where a record began, or where its error is.
func lineOf(lines *csv.Reader, err error) int {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.StartLine
	}
	line, _ := lines.FieldPos(0)
	return line
}

// csvReason says why a line is no record, without any part of it.
func csvReason(err error) string {
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return "another number of fields than line 1 has"
	case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
		return "a quotation mark in the wrong place"
	}
	return "cannot be read"
}
