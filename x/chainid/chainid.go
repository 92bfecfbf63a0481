package chainid

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

const (
	digestDigits = 16
	// The engine limits a chain id to 50 bytes.
	maxPrefix = 50 - 1 - digestDigits
	member    = "chain_id"
)

// ErrMismatch: the genesis does not hash to the chain id it carries.
var ErrMismatch = errors.New("chain id is not that of this genesis")

// Compute returns the 16 hex digits with which the id of this genesis' chain
// ends. The genesis may carry a chain id or not: it is left out.
func Compute(genesis []byte) (string, error) {
	root, err := parse(genesis)
	if err != nil {
		return "", fmt.Errorf("hash genesis: %w", err)
	}
	return digest(root), nil
}

// Make returns the chain id of a genesis under the given prefix.
func Make(prefix string, genesis []byte) (string, error) {
	if err := checkPrefix(prefix); err != nil {
		return "", err
	}
	d, err := Compute(genesis)
	if err != nil {
		return "", err
	}
	return prefix + "-" + d, nil
}

// Check returns the chain id that a genesis carries, after checking that it
// ends with the genesis' own hash.
func Check(genesis []byte) (string, error) {
	root, err := parse(genesis)
	if err != nil {
		return "", fmt.Errorf("check chain id: %w", err)
	}
	v, ok := root.members[member]
	if !ok || v.kind != kindString {
		return "", fmt.Errorf("check chain id: genesis has no text %q", member)
	}
	id := v.text
	want := digest(root)
	cut := len(id) - digestDigits - 1
	if cut < 1 || id[cut] != '-' || id[cut+1:] != want {
		return "", fmt.Errorf("check chain id %q: the genesis hashes to %q: %w", id, want, ErrMismatch)
	}
	if err := checkPrefix(id[:cut]); err != nil {
		return "", err
	}
	return id, nil
}

func digest(root *value) string {
	var b bytes.Buffer
	root.write(&b, member)
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:digestDigits/2])
}

func checkPrefix(p string) error {
	if len(p) == 0 || len(p) > maxPrefix || p[0] < 'a' || p[0] > 'z' {
		return fmt.Errorf("check chain id prefix %q: 1 to %d characters, the first a letter a-z", p, maxPrefix)
	}
	for _, c := range []byte(p) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("check chain id prefix %q: only a-z, 0-9 and '-'", p)
		}
	}
	return nil
}
