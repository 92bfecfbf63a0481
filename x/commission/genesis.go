package commission

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urna-vote/urna/crypto/sign"
)

// Limits of a commission.
const (
	MaxMembers   = 20
	MaxNameBytes = 100
)

// Genesis is the commission with which a chain begins.
type Genesis struct {
	Quorum  uint32
	Members []Member
}

// Member of the commission.
type Member struct {
	Name string
	// Role for people to read: "chair", "secretary", "member".
	Role string
	// Key that signs proposals and approvals, 32 bytes.
	Key []byte
}

// Validate checks a genesis: 1..20 members with names and distinct keys, a
// quorum of 1..n.
func (g Genesis) Validate() error {
	n := len(g.Members)
	if n < 1 || n > MaxMembers {
		return fmt.Errorf("commission.members: %d members, needs 1 to %d", n, MaxMembers)
	}
	if g.Quorum < 1 || int(g.Quorum) > n {
		return fmt.Errorf("commission.quorum: %d is outside 1..%d, the number of members", g.Quorum, n)
	}
	names, keys := map[string]int{}, map[string]int{}
	for i, m := range g.Members {
		path := fmt.Sprintf("commission.members[%d]", i)
		if err := checkName(m.Name); err != nil {
			return fmt.Errorf("%s.name: %w", path, err)
		}
		if m.Role != "" {
			if err := checkName(m.Role); err != nil {
				return fmt.Errorf("%s.role: %w", path, err)
			}
		}
		if other, taken := names[m.Name]; taken {
			return fmt.Errorf("%s.name: %q is also the name of member %d", path, m.Name, other)
		}
		if len(m.Key) != sign.PublicKeySize {
			return fmt.Errorf("%s.key: %d bytes, needs %d", path, len(m.Key), sign.PublicKeySize)
		}
		if err := sign.CheckPublicKey([sign.PublicKeySize]byte(m.Key)); err != nil {
			return fmt.Errorf("%s.key: %w", path, err)
		}
		if other, taken := keys[string(m.Key)]; taken {
			return fmt.Errorf("%s.key: is also the key of member %d", path, other)
		}
		names[m.Name], keys[string(m.Key)] = i, i
	}
	return nil
}

func checkName(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("empty")
	case len(s) > MaxNameBytes:
		return fmt.Errorf("%d bytes, at most %d", len(s), MaxNameBytes)
	case !utf8.ValidString(s):
		return fmt.Errorf("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("has a control character")
	}
	return nil
}
