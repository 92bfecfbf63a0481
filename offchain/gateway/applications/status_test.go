package applications_test

import (
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/applications"
)

func TestNumberFindsAWrongDigit(t *testing.T) {
	for _, n := range []applications.Number{1, 42, 123456, 7654321} {
		text := n.String()
		if got, err := applications.ParseNumber(text); err != nil || got != n {
			t.Fatal(text, got, err)
		}
		for i := range text {
			for d := byte('0'); d <= '9'; d++ {
				other := text[:i] + string(d) + text[i+1:]
				if other == text || text[i] == '-' {
					continue
				}
				if got, err := applications.ParseNumber(other); err == nil {
					t.Errorf("%s was read as %s", other, got)
				}
			}
		}
	}
	for _, text := range []string{"", "1", "000001", "1-3", "000000-0", "-000001-3", "000001-33"} {
		if _, err := applications.ParseNumber(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
