package listfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/listfile"
)

var (
	kind     = listfile.Kind{Name: "list", Version: "list 1", Header: "entry,style,word", Empty: "no word in it"}
	election = [32]byte{7}
)

func TestLinesAreReadInTheirOrder(t *testing.T) {
	text := kind.Head(election) + fmt.Sprintf("%064x,1,one\n%064x,4294967295,", 1, 2)
	var got []listfile.Line
	of, err := kind.Read(strings.NewReader(text), func(l listfile.Line) error {
		got = append(got, l)
		return nil
	})
	if err != nil || of != election || len(got) != 2 {
		t.Fatalf("read %+v of %x: %v", got, of, err)
	}
	first, second := got[0], got[1]
	if first.Number != 4 || first.Election != election || first.Entry != [32]byte{31: 1} || first.Style != 1 || first.Fields[0] != "one" {
		t.Errorf("the first line is %+v", first)
	}
	if second.Number != 5 || second.Style != 1<<32-1 || len(second.Fields) != 1 || second.Fields[0] != "" {
		t.Errorf("the second line is %+v", second)
	}
}

func TestRefusalNamesLinesAndRepeatsNoField(t *testing.T) {
	good := fmt.Sprintf("%064x,1,secret", 0xa)
	head := kind.Head(election)
	for text, want := range map[string]string{
		"":                             `line 1 is not "list 1"`,
		"secret\n":                     `line 1 is not "list 1"`,
		"list 1\nelection secret\n":    "line 2 is not",
		strings.ToUpper(head):          "line 1 is not",
		"list 1\n" + head[7:80] + "\n": "line 3 is not",
		head:                           "no word in it",
		head + good + ",secret\n":      "line 4: 4 fields where 3 are expected",
		head + strings.ToUpper(good):   "line 4: entry is not",
		head + good[1:]:                "line 4: entry is not",
		head + good + "\n" + strings.Replace(good, ",1,", ",+1,", 1):         "line 5: style is not",
		head + good + "\n" + strings.Replace(good, ",1,", ",4294967296,", 1): "line 5: style is not",
		head + good + "\n" + strings.Repeat("secret", 1<<14):                 "line 5: ",
		head + good + "\n" + good + "\nrefuse,,":                             "line 5: not twice",
	} {
		seen := map[[32]byte]bool{}
		of, err := kind.Read(strings.NewReader(text), func(l listfile.Line) error {
			if seen[l.Entry] {
				return errors.New("not twice")
			}
			seen[l.Entry] = true
			return nil
		})
		if err == nil || of != [32]byte{} {
			t.Errorf("%.60q is read", text)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q is refused with %v", text, err)
		}
	}
}
