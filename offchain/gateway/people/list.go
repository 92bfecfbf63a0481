package people

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/age"
)

// Lines before the persons; the grammar is in doc.go.
const (
	listVersion = "urna people 1"
	listHeader  = "entry,style,subject,phone,mail,language"
)

// maxReported is how many bad lines a refusal spells out.
const maxReported = 1000

// WriteList writes the persons of an election for one issuer. The list must be
// in the order of Sort.
func WriteList(w io.Writer, election [32]byte, list []Person, recipient age.Recipient) error {
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return fmt.Errorf("seal list of persons: %w", err)
	}
	out := bufio.NewWriter(sealed)
	fmt.Fprintf(out, "%s\nelection %x\n%s\n", listVersion, election, listHeader)
	check := newChecker(election)
	for i := range list {
		p := &list[i]
		if err := check.next(p); err != nil {
			return fmt.Errorf("write list of persons, number %d: %w", i+1, err)
		}
		fmt.Fprintf(out, "%x,%d,%s,%s,%s,%s\n", p.Entry, p.Style, p.Subject, p.Phone, p.Mail, p.Language)
	}
	if err := errors.Join(out.Flush(), sealed.Close()); err != nil {
		return fmt.Errorf("write list of persons: %w", err)
	}
	return nil
}

// ReadList reads a list for one of the identities. Every bad line is named by
// its number; if one is bad, nothing is returned.
func ReadList(r io.Reader, identities ...age.Identity) (election [32]byte, list []Person, err error) {
	plain, err := age.Decrypt(r, identities...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			err = errors.New("it was made for another issuer")
		}
		return [32]byte{}, nil, fmt.Errorf("open list of persons: %w", err)
	}
	lines := bufio.NewScanner(plain)
	number := 0
	next := func() (string, bool) {
		ok := lines.Scan()
		number++
		return lines.Text(), ok
	}
	if election, err = readHead(next); err != nil {
		return [32]byte{}, nil, err
	}
	check := newChecker(election)
	var bad []error
	for {
		text, ok := next()
		if !ok {
			break
		}
		p, err := parseLine(text, election)
		if err == nil {
			err = check.next(&p)
		}
		if err != nil {
			if len(bad) < maxReported {
				bad = append(bad, fmt.Errorf("line %d: %w", number, err))
			}
			continue
		}
		list = append(list, p)
	}
	if err := lines.Err(); err != nil {
		bad = append(bad, fmt.Errorf("line %d: %w", number, err))
	}
	if len(list) == 0 && len(bad) == 0 {
		bad = append(bad, errors.New("no person in it"))
	}
	if len(bad) != 0 {
		return [32]byte{}, nil, fmt.Errorf("read list of persons, nothing was imported: %w", errors.Join(bad...))
	}
	return election, list, nil
}

func readHead(next func() (string, bool)) (election [32]byte, err error) {
	for i, want := range []string{listVersion, "election ", listHeader} {
		text, _ := next()
		if id, named := strings.CutPrefix(text, want); i == 1 && named && fixedHex(id, election[:]) {
			continue
		}
		if i == 1 || text != want {
			return election, fmt.Errorf("read list of persons: line %d is not %q", i+1, want)
		}
	}
	return election, nil
}

func parseLine(text string, election [32]byte) (Person, error) {
	p := Person{Election: election}
	fields := strings.Split(text, ",")
	if len(fields) != 6 {
		return p, fmt.Errorf("%d fields where 6 are expected", len(fields))
	}
	style, err := strconv.ParseUint(fields[1], 10, 32)
	switch {
	case !fixedHex(fields[0], p.Entry[:]):
		return p, errors.New("entry is not 64 lower-case hex digits")
	case err != nil || strconv.FormatUint(style, 10) != fields[1]:
		return p, errors.New("style is not a number in plain decimal")
	}
	p.Style, p.Subject, p.Phone, p.Mail, p.Language = uint32(style), fields[2], fields[3], fields[4], fields[5]
	return p, nil
}

// checker sees the persons of a list one after the other.
type checker struct {
	election [32]byte
	last     *[32]byte
	subjects map[string]struct{}
	phones   map[string]struct{}
}

func newChecker(election [32]byte) *checker {
	return &checker{election: election, subjects: map[string]struct{}{}, phones: map[string]struct{}{}}
}

func (c *checker) next(p *Person) error {
	if err := p.check(); err != nil {
		return err
	}
	if p.Election != c.election {
		return errors.New("a person of another election")
	}
	if c.last != nil && bytes.Compare(c.last[:], p.Entry[:]) >= 0 {
		return errors.New("entries are not strictly ascending")
	}
	c.last = &p.Entry
	if _, twice := c.subjects[p.Subject]; twice {
		return errors.New("the subject stands in the list already")
	}
	c.subjects[p.Subject] = struct{}{}
	if p.Phone == "" {
		return nil
	}
	if _, twice := c.phones[p.Phone]; twice {
		return errors.New("the phone stands in the list already")
	}
	c.phones[p.Phone] = struct{}{}
	return nil
}

// fixedHex decodes lower-case hex of exactly the length of into.
func fixedHex(text string, into []byte) bool {
	if len(text) != 2*len(into) || strings.ToLower(text) != text {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
