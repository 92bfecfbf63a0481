package genesis

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urna-vote/urna/x/ledger"
)

// State is the application's part of a genesis.
type State struct {
	Rehearsal  bool       `json:"rehearsal"`
	Rules      uint32     `json:"rules"`
	Commission Commission `json:"commission"`
}

// Commission as a chain begins with it.
type Commission struct {
	Quorum  uint32   `json:"quorum"`
	Members []Member `json:"members"`
}

// Member of the commission.
type Member struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Key  Key    `json:"key"`
}

// Key is an Ed25519 key, written in lower-case hex.
type Key [32]byte

// MarshalText writes hex.
func (k Key) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText reads 64 lower-case hex digits.
func (k *Key) UnmarshalText(b []byte) error {
	out, err := hex.DecodeString(string(b))
	if err != nil || len(out) != len(k) || !bytes.Equal(bytes.ToLower(b), b) {
		return fmt.Errorf("key %q: 64 lower-case hex digits are wanted", b)
	}
	copy(k[:], out)
	return nil
}

// limit of the state's bytes.
const limit = 1 << 20

// Parse reads an application state, refusing unknown, repeated, misspelt and
// missing members. What the members may contain the modules say.
func Parse(b []byte) (*State, error) {
	if len(b) > limit {
		return nil, fmt.Errorf("read app_state: %d bytes are more than %d", len(b), limit)
	}
	if err := checkMembers(b); err != nil {
		return nil, fmt.Errorf("read app_state: %w", err)
	}
	s := new(State)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("read app_state: %w", err)
	}
	return s, nil
}

// Marshal writes an application state.
func (s *State) Marshal() ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write app_state: %w", err)
	}
	return b, nil
}

var keyRehearsal = ledger.NewPrefix(0x02, "rehearsal").Key()

// Init records what the chain is for.
func Init(w ledger.Writer, s *State) {
	purpose := []byte("election")
	if s.Rehearsal {
		purpose = []byte("rehearsal")
	}
	w.Set(keyRehearsal, purpose)
}

// Rehearsal reports whether this chain is a rehearsal.
func Rehearsal(r ledger.Reader) bool { return string(r.Get(keyRehearsal)) == "rehearsal" }

// members that each object must have, by its path.
var members = map[string][]string{
	"":                   {"commission", "rehearsal", "rules"},
	"commission":         {"members", "quorum"},
	"commission.members": {"key", "name", "role"},
}

// checkMembers walks the JSON: every object has exactly its members, spelt
// exactly so, once, and nothing follows.
func checkMembers(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := walk(d, ""); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

func walk(d *json.Decoder, path string) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		for d.More() {
			if err := walk(d, path); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		return walkObject(d, path)
	case nil:
		return fmt.Errorf("%s is null", path)
	default:
		return nil
	}
	_, err = d.Token() // the closing bracket
	return err
}

func walkObject(d *json.Decoder, path string) error {
	want, ok := members[path]
	if !ok {
		return fmt.Errorf("%s must not be an object", path)
	}
	seen := make(map[string]bool, len(want))
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder lets nothing else stand here
		inner := name
		if path != "" {
			inner = path + "." + name
		}
		if seen[name] {
			return fmt.Errorf("%s occurs twice", inner)
		}
		seen[name] = true
		if !slices.Contains(want, name) {
			return fmt.Errorf("%s is unknown", inner)
		}
		if err := walk(d, inner); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	for _, name := range want {
		if !seen[name] {
			return fmt.Errorf("%q is missing in %q", name, path)
		}
	}
	return nil
}
