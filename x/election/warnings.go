package election

import (
	"fmt"
	"slices"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Warnings says what a definition allows that weakens a claim of the system:
// it stands on the record and on every page. The keys of the commission's
// members may be given too.
func Warnings(def *electionv1.Definition, commission ...[]byte) []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i, p := range def.Panels {
		if len(p.Issuers) == 1 {
			warn("panel %d has one issuer, who alone can make tokens", i)
		}
	}
	n := uint32(len(def.Trustees))
	if def.Threshold == 1 {
		warn("one trustee alone can decrypt")
	}
	if def.Threshold == n && n > 1 {
		warn("all %d trustees are needed: the loss of one loses the result", n)
	}
	members := map[string]bool{}
	for _, key := range commission {
		members[string(key)] = true
	}
	seated := uint32(0)
	trustees := map[string]bool{}
	for _, s := range def.Trustees {
		trustees[string(s.Key)] = true
		if members[string(s.Key)] {
			seated++
			warn("the key of trustee %q is also a key of the commission", s.Name)
		}
	}
	if seated > 0 && def.Threshold <= seated {
		warn("%d trustees sit in the commission and %d decrypt", seated, def.Threshold)
	}
	for _, s := range def.Issuers {
		if trustees[string(s.OperatorKey)] {
			warn("the key of issuer %q is also a trustee's", s.Name)
		}
		if members[string(s.OperatorKey)] {
			warn("the key of issuer %q is also a key of the commission", s.Name)
		}
	}
	if def.SmallClasses {
		warn("token classes with fewer than %d entries are allowed", SmallClass)
	}
	if m := MinJoined(def); m < DefaultMinJoined {
		warn("sums of %d ballots may be decrypted", m)
	}
	for class, groups := range classGroups(def) {
		if len(groups) > 1 {
			warn("styles of token class %q are in %d counting groups, and a voter may cast in any of them: let them share one", def.Classes[class].Name, len(groups))
		}
	}
	return out
}

// classGroups lists the counting groups of each token class's styles.
func classGroups(def *electionv1.Definition) [][]uint32 {
	out := make([][]uint32, len(def.Classes))
	for _, s := range def.Styles {
		if uint64(s.TokenClass) >= uint64(len(out)) {
			continue // no valid definition
		}
		if groups := out[s.TokenClass]; !slices.Contains(groups, s.Group) {
			out[s.TokenClass] = append(groups, s.Group)
		}
	}
	return out
}
