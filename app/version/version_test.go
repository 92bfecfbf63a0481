package version_test

import (
	"testing"

	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

func TestChainBeginsWithKnownRulesOnly(t *testing.T) {
	s := ledgertest.New()
	if err := version.Init(s, 99); err == nil {
		t.Fatal("unknown rules begin a chain")
	}
	if _, err := version.Active(s, 1); err == nil {
		t.Fatal("a state without rules has active ones")
	}
	if err := version.Init(s, 1); err != nil {
		t.Fatal(err)
	}
	for _, h := range []int64{0, 1, 1 << 40} {
		if v, err := version.Active(s, h); err != nil || v != 1 {
			t.Fatalf("height %d: %d, %v", h, v, err)
		}
	}
}
