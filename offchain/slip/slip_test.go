package slip_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/slip"
)

func newSlip(t *testing.T) *slip.Slip {
	t.Helper()
	key, err := slip.NewVoterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &slip.Slip{ChainID: "test-1", Election: [32]byte{7}, Subject: "voter-17", VoterKey: key, Style: 3}
	for _, name := range []string{"north", "south"} {
		code, err := slip.NewCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.Codes = append(s.Codes, slip.IssuerCode{Issuer: name, Code: code})
	}
	return s
}

func TestSlipReadsBackWhatItWrote(t *testing.T) {
	s := newSlip(t)
	b, err := s.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := slip.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if again.Entry() != s.Entry() || again.Style != 3 || again.Subject != s.Subject {
		t.Fatal("slip changed on the way")
	}
	code, ok := again.Code("south")
	if !ok || code != s.Codes[1].Code {
		t.Fatal("code of the second issuer is lost")
	}
}

func TestSlipWithAnotherVotersEntryIsRefused(t *testing.T) {
	s := newSlip(t)
	b, _ := s.Reveal()
	other := bytes.Replace(b, []byte("voter-17"), []byte("voter-18"), 1)
	if _, err := slip.Parse(other); !errors.Is(err, slip.ErrEntry) {
		t.Fatalf("got %v, want ErrEntry", err)
	}
}

func TestSlipRefusesUnknownFieldsAndTrailingText(t *testing.T) {
	s := newSlip(t)
	b, _ := s.Reveal()
	for name, bad := range map[string][]byte{
		"unknown field": bytes.Replace(b, []byte(`"style"`), []byte(`"extra": 1, "style"`), 1),
		"trailing":      append(bytes.Clone(b), []byte("{}")...),
		"version":       bytes.Replace(b, []byte("slip 1"), []byte("slip 9"), 1),
		"short code":    bytes.Replace(b, []byte(s.Codes[0].Code.Reveal()), []byte("ABCD-1234"), 1),
		"no chain":      bytes.Replace(b, []byte(`"test-1"`), []byte(`""`), 1),
		"same issuer":   bytes.Replace(b, []byte(`"south"`), []byte(`"north"`), 1),
	} {
		if _, err := slip.Parse(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCodeForgivesWhatPeopleType(t *testing.T) {
	code, err := slip.ParseCode("0123-4567-89AB-CDE1")
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"o123 4567 89ab cdel", "O123456789ABCDEI", " 0123-4567-89ab-cde1 "} {
		got, err := slip.ParseCode(typed)
		if err != nil || got != code {
			t.Errorf("%q is not read as the code: %v", typed, err)
		}
	}
	for _, typed := range []string{"", "0123-4567-89AB-CDE", "0123-4567-89AB-CDE12", "U123-4567-89AB-CDE1", "0123-4567-89AB-CDEé", strings.Repeat("0", 10000)} {
		if _, err := slip.ParseCode(typed); err == nil {
			t.Errorf("%.20q is read as a code", typed)
		}
	}
}

func TestSecretsOfASlipPrintAsRedactions(t *testing.T) {
	s := newSlip(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		out := fmt.Sprintf(verb+verb+verb, s, s.Codes[0].Code, s.VoterKey)
		if strings.Contains(out, s.Subject) || out != "[access slip][access code][voter key]" {
			t.Errorf("%s prints %q", verb, out)
		}
	}
}

func TestEntryDependsOnEveryField(t *testing.T) {
	s := newSlip(t)
	was := s.Entry()
	for name, e := range map[string][32]byte{
		"chain":    s.VoterKey.Entry("test-2", s.Election, s.Subject),
		"election": s.VoterKey.Entry(s.ChainID, [32]byte{8}, s.Subject),
		"subject":  s.VoterKey.Entry(s.ChainID, s.Election, "voter-1"),
		"key":      newSlip(t).Entry(),
	} {
		if e == was {
			t.Errorf("entry does not depend on %s", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":"urna slip 1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := slip.Parse(b)
		if err != nil {
			return
		}
		out, err := s.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := slip.Parse(out); err != nil {
			t.Fatalf("written slip is not read: %v", err)
		}
	})
}
