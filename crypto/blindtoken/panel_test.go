package blindtoken_test

import (
	"fmt"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

// Corrupt members sign whatever they are given. Honest members sign, for each
// entry of the roll, the one blinded message the ledger binds to it. Whatever
// way the ballot keys are split over the honest members' requests, no more
// tokens come out than entries went in.
func TestCorruptMembersCannotMultiplyTokens(t *testing.T) {
	all := keys(t)
	const entries = 2
	for k := 1; k <= 5; k++ {
		for corrupt := range k {
			t.Run(fmt.Sprintf("%d corrupt of %d", corrupt, k), func(t *testing.T) {
				c := coalition{t: t, members: all[:k], corrupt: corrupt}
				for split := range 1 << entries {
					if got := c.attack(entries, split); got > entries {
						t.Errorf("split %b: %d tokens from %d entries", split, got, entries)
					}
				}
			})
		}
	}
}

type coalition struct {
	t       *testing.T
	members []*blindtoken.PrivateKey
	corrupt int // the first so many members
	cache   map[[2]int][]byte
}

// attack spends the requests to honest members and counts the ballot keys with a
// full set of signatures. Bit i of split says whether entry i sends the same
// ballot key to all honest members, or a different one to each other member.
func (c *coalition) attack(entries, split int) int {
	held := map[int]map[int][]byte{} // ballot key → member → signature
	get := func(voter, member int) {
		if held[voter] == nil {
			held[voter] = map[int][]byte{}
		}
		held[voter][member] = c.signature(voter, member)
	}
	keysUsed := 2 * entries
	for voter := range keysUsed {
		for m := range c.corrupt {
			get(voter, m)
		}
	}
	for entry := range entries {
		for m := c.corrupt; m < len(c.members); m++ {
			voter := 2 * entry
			if split>>entry&1 == 1 && (m-c.corrupt)%2 == 1 {
				voter++
			}
			get(voter, m)
		}
	}
	accepted := 0
	for voter := range keysUsed {
		if c.accepted(voter, held) {
			accepted++
		}
	}
	return accepted
}

// accepted fills missing honest signatures with the best the coalition has: one
// of the same member over another ballot key, or its own over this one.
func (c *coalition) accepted(voter int, held map[int]map[int][]byte) bool {
	var panel []*blindtoken.PublicKey
	var signatures [][]byte
	for m, key := range c.members {
		s := held[voter][m]
		for other := 0; s == nil && other < len(held); other++ {
			s = held[other][m]
		}
		panel, signatures = append(panel, key.Public()), append(signatures, s)
	}
	ballotKey := secret(c.t, byte(100+voter)).BallotKey(scope()).Public()
	return blindtoken.VerifyToken(panel, scope(), ballotKey, signatures) == nil
}

func (c *coalition) signature(voter, member int) []byte {
	id := [2]int{voter, member}
	if s, ok := c.cache[id]; ok {
		return s
	}
	_, signatures := issue(c.t, secret(c.t, byte(100+voter)), scope(), c.members[member:member+1])
	if c.cache == nil {
		c.cache = map[[2]int][]byte{}
	}
	c.cache[id] = signatures[0]
	return signatures[0]
}
