package register

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/offchain/gateway/listfile"
)

// The grammar is in doc.go.
var form = listfile.Kind{Name: "access list", Version: "urna access 1", Header: "entry,style,salt,pass,code", Empty: "no entry in it"}

// WriteList writes an access list. All entries must be of one election.
func WriteList(w io.Writer, election [32]byte, list []Access) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, form.Head(election))
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
	seen := map[[32]byte]int{}
	election, err = form.Read(r, func(l listfile.Line) error {
		a := Access{Election: l.Election, Entry: l.Entry, Style: l.Style}
		switch first, twice := seen[l.Entry]; {
		case !listfile.Hex(l.Fields[0], a.Salt[:]):
			return errors.New("salt is not 32 lower-case hex digits")
		case !listfile.Hex(l.Fields[1], a.Pass[:]):
			return errors.New("pass is not 64 lower-case hex digits")
		case !listfile.Hex(l.Fields[2], a.Code[:]):
			return errors.New("code is not 64 lower-case hex digits")
		case twice:
			return fmt.Errorf("entry is on line %d already", first)
		}
		seen[l.Entry] = l.Number
		list = append(list, a)
		return nil
	})
	if err != nil {
		return [32]byte{}, nil, err
	}
	return election, list, nil
}
