package people

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/listfile"
)

// The grammar is in doc.go.
var form = listfile.Kind{
	Name: "list of persons", Version: "urna people 1", Header: "entry,style,subject,phone,mail,language", Empty: "no person in it",
}

// WriteList writes the persons of an election for one issuer. The list must be
// in the order of Sort.
func WriteList(w io.Writer, election [32]byte, list []Person, recipient age.Recipient) error {
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return fmt.Errorf("seal list of persons: %w", err)
	}
	out := bufio.NewWriter(sealed)
	fmt.Fprint(out, form.Head(election))
	check := newChecker()
	for i := range list {
		p := &list[i]
		err := check.next(p)
		if p.Election != election {
			err = errors.New("a person of another election")
		}
		if err != nil {
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
	check := newChecker()
	election, err = form.Read(plain, func(l listfile.Line) error {
		p := Person{
			Election: l.Election, Entry: l.Entry, Style: l.Style,
			Subject: l.Fields[0], Phone: l.Fields[1], Mail: l.Fields[2], Language: l.Fields[3],
		}
		if err := check.next(&p); err != nil {
			return err
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return [32]byte{}, nil, err
	}
	return election, list, nil
}

// checker sees the persons of a list one after the other.
type checker struct {
	last     *[32]byte
	subjects map[string]struct{}
	phones   map[string]struct{}
}

func newChecker() *checker {
	return &checker{subjects: map[string]struct{}{}, phones: map[string]struct{}{}}
}

func (c *checker) next(p *Person) error {
	if err := p.check(); err != nil {
		return err
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
