package app_test

import (
	"strings"
	"testing"

	"github.com/urna-vote/urna/app"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// kebab is the name of an enumeration's value as people read it.
func kebab(value, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(value, prefix), "_", "-"))
}

func TestKindsAndActsHaveTheNamesOfTheirEnumerations(t *testing.T) {
	kinds, acts := 0, 0
	for _, m := range app.NewKeepers().Rules().Modules {
		for _, h := range m.Handlers {
			kinds++
			if want := kebab(txv1.Kind_name[int32(h.Kind)], "KIND_"); h.Name != want {
				t.Errorf("kind %d is %q, want %q", h.Kind, h.Name, want)
			}
		}
		for _, a := range m.Acts {
			acts++
			if want := kebab(commissionv1.Action_name[int32(a.Number)], "ACTION_"); a.Name != want {
				t.Errorf("act %d is %q, want %q", a.Number, a.Name, want)
			}
		}
	}
	// Every value but "unspecified" has its handler.
	if kinds != len(txv1.Kind_name)-1 || acts != len(commissionv1.Action_name)-1 {
		t.Errorf("%d kinds of %d, %d acts of %d", kinds, len(txv1.Kind_name)-1, acts, len(commissionv1.Action_name)-1)
	}
}
