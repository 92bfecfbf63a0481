package register

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Lines before the entries of an access list; the grammar is in doc.go.
const (
	listVersion = "urna access 1"
	listHeader  = "entry,style,salt,pass,code"
)

// maxReported is how many bad lines a refusal spells out.
const maxReported = 1000

// WriteList writes an access list. All entries must be of one election.
func WriteList(w io.Writer, election [32]byte, list []Access) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\nelection %x\n%s\n", listVersion, election, listHeader)
	for i := range list {
		if list[i].Election != election {
			return fmt.Errorf("write access list: entry %x is of another election", list[i].Entry)
		}
		fmt.Fprintf(out, "%x,%d,%x,%x,%x\n", list[i].Entry, list[i].Style, list[i].Salt, list[i].Pass, list[i].Code)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write access list: %w", err)
	}
	return nil
}

// ReadList reads an access list. Every bad line is named by its number; if one
// is bad, nothing is returned.
func ReadList(r io.Reader) (election [32]byte, list []Access, err error) {
	lines := bufio.NewScanner(r)
	number := 0
	next := func() (string, bool) {
		ok := lines.Scan()
		number++
		return lines.Text(), ok
	}
	if election, err = readListHead(next); err != nil {
		return [32]byte{}, nil, err
	}
	var bad []error
	seen := map[[32]byte]int{}
	for {
		text, ok := next()
		if !ok {
			break
		}
		a, err := parseLine(text, election)
		if first, twice := seen[a.Entry]; err == nil && twice {
			err = fmt.Errorf("entry is on line %d already", first)
		}
		if err != nil {
			if len(bad) < maxReported {
				bad = append(bad, fmt.Errorf("line %d: %w", number, err))
			}
			continue
		}
		seen[a.Entry] = number
		list = append(list, a)
	}
	if err := lines.Err(); err != nil {
		bad = append(bad, fmt.Errorf("line %d: %w", number, err))
	}
	if len(list) == 0 && len(bad) == 0 {
		bad = append(bad, errors.New("no entry in it"))
	}
	if len(bad) != 0 {
		return [32]byte{}, nil, fmt.Errorf("read access list, nothing was imported: %w", errors.Join(bad...))
	}
	return election, list, nil
}

func readListHead(next func() (string, bool)) (election [32]byte, err error) {
	if text, _ := next(); text != listVersion {
		return election, fmt.Errorf("read access list: line 1 is %.40q where %q is expected", text, listVersion)
	}
	text, _ := next()
	id, named := strings.CutPrefix(text, "election ")
	if !named || !fixedHex(id, election[:]) {
		return election, fmt.Errorf("read access list: line 2 is %.90q where \"election \" and 64 hex digits are expected", text)
	}
	if text, _ := next(); text != listHeader {
		return election, fmt.Errorf("read access list: line 3 is %.40q where %q is expected", text, listHeader)
	}
	return election, nil
}

func parseLine(text string, election [32]byte) (Access, error) {
	a := Access{Election: election}
	fields := strings.Split(text, ",")
	if len(fields) != 5 {
		return a, fmt.Errorf("%d fields where 5 are expected", len(fields))
	}
	style, err := strconv.ParseUint(fields[1], 10, 32)
	switch {
	case !fixedHex(fields[0], a.Entry[:]):
		return a, errors.New("entry is not 64 lower-case hex digits")
	case err != nil || strconv.FormatUint(style, 10) != fields[1]:
		return a, errors.New("style is not a number in plain decimal")
	case !fixedHex(fields[2], a.Salt[:]):
		return a, errors.New("salt is not 32 lower-case hex digits")
	case !fixedHex(fields[3], a.Pass[:]):
		return a, errors.New("pass is not 64 lower-case hex digits")
	case !fixedHex(fields[4], a.Code[:]):
		return a, errors.New("code is not 64 lower-case hex digits")
	}
	a.Style = uint32(style)
	return a, nil
}

// fixedHex decodes lower-case hex of exactly the length of into.
func fixedHex(text string, into []byte) bool {
	if len(text) != 2*len(into) || strings.ToLower(text) != text {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
