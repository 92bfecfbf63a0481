package issuance_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/urna-vote/urna/x/issuance"
)

// Computed by another program from the description of RequestHash.
const requestVector = "4c413d361eca9971d49a29febcd6b31b9fddc6663375b067c42b575d5a279b2c"

func TestRequestHashBindsEveryPartOfTheRequest(t *testing.T) {
	election := [32]byte(bytes.Repeat([]byte{1}, 32))
	a, b := [32]byte(bytes.Repeat([]byte{5}, 32)), [32]byte(bytes.Repeat([]byte{6}, 32))
	hash := issuance.RequestHash("urna-0123456789abcdef", election, 2, 3, [][32]byte{a, b})
	if got := hex.EncodeToString(hash[:]); got != requestVector {
		t.Fatalf("got %s", got)
	}
	seen := map[[32]byte]string{hash: "the request"}
	for name, other := range map[string][32]byte{
		"chain":       issuance.RequestHash("urna-0123456789abcdee", election, 2, 3, [][32]byte{a, b}),
		"election":    issuance.RequestHash("urna-0123456789abcdef", [32]byte{1}, 2, 3, [][32]byte{a, b}),
		"class":       issuance.RequestHash("urna-0123456789abcdef", election, 1, 3, [][32]byte{a, b}),
		"panel":       issuance.RequestHash("urna-0123456789abcdef", election, 2, 4, [][32]byte{a, b}),
		"order":       issuance.RequestHash("urna-0123456789abcdef", election, 2, 3, [][32]byte{b, a}),
		"one message": issuance.RequestHash("urna-0123456789abcdef", election, 2, 3, [][32]byte{a}),
	} {
		if was, twice := seen[other]; twice {
			t.Errorf("another %s gives the hash of %s", name, was)
		}
		seen[other] = name
	}
}
