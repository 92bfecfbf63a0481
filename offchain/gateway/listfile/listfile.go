package listfile

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxReported is how many bad lines a refusal spells out.
const maxReported = 1000

// Kind of list.
type Kind struct {
	// Name in errors, such as "access list".
	Name string
	// Version is the first line, Header the third.
	Version, Header string
	// Empty is why a list without a line is refused.
	Empty string
}

// Line is one entry of the roll.
type Line struct {
	// Number in the file, from 1.
	Number          int
	Election, Entry [32]byte
	Style           uint32
	// Fields after the style, as many as the header names.
	Fields []string
}

// Head is what stands before the lines.
func (k Kind) Head(election [32]byte) string {
	return fmt.Sprintf("%s\nelection %x\n%s\n", k.Version, election, k.Header)
}

// Read hands one line after the other to take, which may refuse it. Every bad
// line is named by its number; whoever reads keeps nothing if one is bad.
func (k Kind) Read(r io.Reader, take func(Line) error) (election [32]byte, err error) {
	lines := bufio.NewScanner(r)
	if election, err = k.readHead(lines); err != nil {
		return [32]byte{}, err
	}
	var bad []error
	number := 4
	for ; lines.Scan(); number++ {
		l := Line{Number: number, Election: election}
		err := k.parse(lines.Text(), &l)
		if err == nil {
			err = take(l)
		}
		if err != nil && len(bad) < maxReported {
			bad = append(bad, fmt.Errorf("line %d: %w", number, err))
		}
	}
	switch err := lines.Err(); {
	case err != nil:
		bad = append(bad, fmt.Errorf("line %d: %w", number, err))
	case number == 4:
		bad = append(bad, errors.New(k.Empty))
	}
	if len(bad) != 0 {
		return [32]byte{}, fmt.Errorf("read %s, nothing was imported: %w", k.Name, errors.Join(bad...))
	}
	return election, nil
}

func (k Kind) readHead(lines *bufio.Scanner) (election [32]byte, err error) {
	next := func() string {
		lines.Scan()
		return lines.Text()
	}
	if next() != k.Version {
		return election, fmt.Errorf("read %s: line 1 is not %q", k.Name, k.Version)
	}
	id, named := strings.CutPrefix(next(), "election ")
	if !named || !Hex(id, election[:]) {
		return election, fmt.Errorf("read %s: line 2 is not \"election \" and 64 lower-case hex digits", k.Name)
	}
	if next() != k.Header {
		return election, fmt.Errorf("read %s: line 3 is not %q", k.Name, k.Header)
	}
	return election, nil
}

func (k Kind) parse(text string, l *Line) error {
	fields := strings.Split(text, ",")
	if want := strings.Count(k.Header, ",") + 1; len(fields) != want {
		return fmt.Errorf("%d fields where %d are expected", len(fields), want)
	}
	style, err := strconv.ParseUint(fields[1], 10, 32)
	switch {
	case !Hex(fields[0], l.Entry[:]):
		return errors.New("entry is not 64 lower-case hex digits")
	case err != nil || strconv.FormatUint(style, 10) != fields[1]:
		return errors.New("style is not a number in plain decimal")
	}
	l.Style, l.Fields = uint32(style), fields[2:]
	return nil
}

// Hex decodes lower-case hex of exactly the length of into.
func Hex(text string, into []byte) bool {
	if len(text) != 2*len(into) || strings.ToLower(text) != text {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
