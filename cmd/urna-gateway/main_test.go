package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
)

func TestTheProgramEndsWithTheCodeThatItTells(t *testing.T) {
	refusal := &client.Refusal{}
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"failure":         {errors.New("no file"), terminal.ExitFailure},
		"usage":           {terminal.Usage("no flag"), terminal.ExitUsage},
		"refusal":         {refusal, terminal.ExitRefused},
		"wrapped refusal": {fmt.Errorf("send: %w", refusal), terminal.ExitRefused},
	} {
		var out bytes.Buffer
		code := end(&out, c.err, true)
		var told struct {
			Error string `json:"error"`
			Exit  int    `json:"exit"`
		}
		if err := json.Unmarshal(out.Bytes(), &told); err != nil {
			t.Fatal(err)
		}
		if code != c.code || told.Exit != c.code || told.Error == "" {
			t.Errorf("%s: exit %d, tells %+v, want %d", name, code, told, c.code)
		}
	}
	var out bytes.Buffer
	if code := end(&out, nil, true); code != terminal.ExitOK || out.Len() != 0 {
		t.Errorf("success: exit %d, tells %q", code, out.String())
	}
}
