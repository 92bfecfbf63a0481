package roster

import (
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/slip"
)

// Pass is a voter as one issuer knows the person. It prints as a redaction.
type Pass struct {
	Voter string
	Entry [32]byte
	Style uint32
	Pass  [32]byte
}

// Format prints a redaction for every verb.
func (Pass) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[pass]") }

var passesHeader = []string{"voter", "entry", "style", "pass"}

// WritePasses writes what an issuer needs to make its codes. Styles are numbers.
func WritePasses(w io.Writer, passes []Pass) error {
	rows := [][]string{passesHeader}
	for _, p := range passes {
		rows = append(rows, []string{p.Voter, fmt.Sprintf("%x", p.Entry), strconv.FormatUint(uint64(p.Style), 10), fmt.Sprintf("%x", p.Pass)})
	}
	return writeCSV(w, "passes", rows)
}

// ReadPasses reads what WritePasses wrote; one bad line refuses the file.
func ReadPasses(r io.Reader) ([]Pass, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = len(passesHeader)
	if head, err := lines.Read(); err != nil || !slices.Equal(head, passesHeader) {
		return nil, fmt.Errorf("passes file: line 1 must be voter,entry,style,pass (%v)", err)
	}
	var passes []Pass
	seen := map[[32]byte]bool{}
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("passes file: %w", err)
		}
		line, _ := lines.FieldPos(0)
		p := Pass{Voter: record[0]}
		style, err := strconv.ParseUint(record[2], 10, 32)
		if err != nil || !hex32(record[1], &p.Entry) || !hex32(record[3], &p.Pass) || seen[p.Entry] {
			return nil, fmt.Errorf("passes file, line %d: entry and pass must be 64 hex digits, style a number, the entry new", line)
		}
		p.Style, seen[p.Entry] = uint32(style), true
		passes = append(passes, p)
	}
	if len(passes) == 0 {
		return nil, errors.New("passes file: no voter")
	}
	return passes, nil
}

func hex32(text string, into *[32]byte) bool {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		return false
	}
	*into = [32]byte(b)
	return true
}

// Codes are one issuer's access codes. They print as a redaction.
type Codes struct {
	election [32]byte
	passes   []Pass
	codes    []slip.Code
	access   []register.Access
}

// NewCodes draws a code for each pass and hashes it under the gateway's key.
func NewCodes(random io.Reader, key auth.Key, election [32]byte, passes []Pass) (*Codes, error) {
	c := &Codes{election: election, passes: passes}
	for _, p := range passes {
		code, err := slip.NewCode(random)
		if err != nil {
			return nil, fmt.Errorf("make access codes: %w", err)
		}
		var salt [register.SaltSize]byte
		if _, err := io.ReadFull(random, salt[:]); err != nil {
			return nil, fmt.Errorf("make access codes: draw salt: %w", err)
		}
		c.codes = append(c.codes, code)
		c.access = append(c.access, key.Access(election, p.Entry, p.Style, salt, p.Pass, code))
	}
	return c, nil
}

// Code of the voter at a place of the passes.
func (c *Codes) Code(place int) slip.Code { return c.codes[place] }

// Access is the list for the gateway.
func (c *Codes) Access() []register.Access { return c.access }

// WriteAccess writes the list for the gateway to import.
func (c *Codes) WriteAccess(w io.Writer) error { return register.WriteList(w, c.election, c.access) }

// WritePrint writes the list to print from, in clear.
func (c *Codes) WritePrint(w io.Writer) error {
	rows := [][]string{{"voter", "code"}}
	for i, p := range c.passes {
		rows = append(rows, []string{p.Voter, c.codes[i].Reveal()})
	}
	return writeCSV(w, "codes", rows)
}

// Format prints a redaction for every verb.
func (c *Codes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access codes]") }
