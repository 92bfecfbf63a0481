package terminal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/terminal"
)

func TestWordsOfStrangersSteerNoTerminal(t *testing.T) {
	const words = "Да\x1b[2J\n\u202ek\u009b\t\x00"
	const steering = "\x1b\u202e\u009b\x00"
	if got := terminal.Plain(words); strings.ContainsAny(got, steering+"\n\t") || !strings.HasPrefix(got, "Да") {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	terminal.PrintError(&out, errors.New(words), false)
	if got := out.String(); strings.ContainsAny(got, steering) || strings.Count(got, "\n") != 2 {
		t.Errorf("error: %q", got)
	}
	out.Reset()
	if err := terminal.Table(&out, []string{"a"}, [][]string{{words}}); err != nil || strings.ContainsAny(out.String(), steering) || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("table: %q, %v", out.String(), err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputRemembersThatItCouldNotWrite(t *testing.T) {
	o := terminal.NewOutput(full{})
	if o.Err() != nil {
		t.Fatal(o.Err())
	}
	if _, err := o.Write([]byte("a")); err == nil || o.Err() == nil {
		t.Error("nothing is remembered")
	}
}
