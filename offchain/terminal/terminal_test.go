package terminal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/terminal"
)

func TestExitCodesAreThoseOfTheCause(t *testing.T) {
	cause := errors.New("cause")
	for want, err := range map[int]error{
		0: nil,
		1: cause,
		2: terminal.Usage("bad flag"),
		3: fmt.Errorf("audit: %w", terminal.Difference(cause)),
		4: terminal.Refused(cause),
	} {
		if got := terminal.ExitCode(err); got != want {
			t.Errorf("%v: exit %d, want %d", err, got, want)
		}
	}
	if !errors.Is(terminal.Difference(cause), cause) {
		t.Error("the cause is hidden")
	}
}

func TestErrorsArePrintedForPeopleAndScripts(t *testing.T) {
	var b bytes.Buffer
	terminal.PrintError(&b, terminal.Usage("no <file>"), true)
	if got := b.String(); !strings.Contains(got, `"error": "no <file>"`) || !strings.Contains(got, `"exit": 2`) {
		t.Errorf("JSON: %s", got)
	}
	b.Reset()
	terminal.PrintError(&b, fmt.Errorf("fetch: %w", context.Canceled), false)
	if got := b.String(); got != "error: stopped: fetch: context canceled\n" {
		t.Errorf("text: %q", got)
	}
}

func TestProgressWithoutATerminalIsALineNowAndThen(t *testing.T) {
	var b bytes.Buffer
	clock := time.Unix(0, 0)
	p := terminal.NewProgressAt(&b, "blocks", 10, func() time.Time { return clock })
	p.Set(1, 10)
	clock = clock.Add(6 * time.Second)
	p.Set(5, 10)
	p.Add(1)
	clock = clock.Add(6 * time.Second)
	p.Add(4)
	p.Done()
	want := "blocks: 5 of 10 (50 %), about 8s left\nblocks: 10 of 10 (100 %)\nblocks: 10 done in 12s\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	silent := terminal.NewProgress(nil, "x", 0)
	silent.Add(1)
	silent.Done()
}

func TestTableAlignsNumbersRightAndTextLeft(t *testing.T) {
	var b bytes.Buffer
	if err := terminal.Table(&b, []string{"check", "n"}, [][]string{{"заголовки", "5"}, {"x", "120"}}); err != nil {
		t.Fatal(err)
	}
	if want := "check        n\nзаголовки    5\nx          120\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
