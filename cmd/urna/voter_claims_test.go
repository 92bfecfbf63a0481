package main

import (
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

func TestClaimsAreToldInBothLanguages(t *testing.T) {
	list := &api.EntryClaims{Claims: []api.Claim{
		{Issuer: 0, Height: 7, Answer: api.Hex{1}}, {Issuer: 1, Height: 8, Silent: true}, {Issuer: 2, Height: 9},
	}}
	for language, want := range map[string][]string{
		"en": {"issuer-0: asked in block 7, answered", "issuer-1: asked in block 8, silent: counted by name", "issuer-2: asked in block 9, not answered yet"},
		"ru": {"issuer-0: запрос в блоке 7, ответ есть", "issuer-1: запрос в блоке 8, молчит: учтено поимённо", "issuer-2: запрос в блоке 9, ответа пока нет"},
	} {
		if got := claimLines(language, list, sample.Definition()); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q", language, got)
		}
		if none := claimLines(language, &api.EntryClaims{}, sample.Definition()); len(none) != 1 {
			t.Errorf("%s: %q", language, none)
		}
		for _, answered := range []bool{false, true} {
			text := claimText(language, session.Claimed{Issuer: "issuer-0", Height: 7, Answered: answered})
			if !strings.Contains(text, "issuer-0") || strings.Contains(text, "7") == answered {
				t.Errorf("%s: %q", language, text)
			}
		}
	}
}
