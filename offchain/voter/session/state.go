package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/proto/api"
)

const stateVersion = "urna voter 1"

// maxState limits a state file in bytes: ten ballots of the largest size.
const maxState = 8 << 20

// State is what a voter's device keeps for one election. It prints as a
// redaction; only a Save function given to New sees its encoding.
type State struct {
	chainID  string
	election [32]byte
	entry    [32]byte
	style    uint32
	secret   *blindtoken.Secret
	claim    [sign.SeedSize]byte

	// panel that is asked, and its members' endorsements, nil while missing.
	panel        uint32
	endorsements [][]byte
	// issuance is the raw transaction, nil before all endorsed.
	issuance []byte
	// signatures of the token by the panel's members, nil while missing.
	signatures [][]byte
	casts      []Cast
}

// Cast is a finished ballot of the voter. It says nothing of the choice.
type Cast struct {
	Sequence uint32  `json:"sequence"`
	Raw      api.Hex `json:"raw"`
	// Height of the block it is in, 0 as long as that is not known.
	Height int64 `json:"height"`
}

// NewState draws the secrets for an entry of an election.
func NewState(random io.Reader, chainID string, election [32]byte, entry [32]byte, style uint32) (*State, error) {
	secret, err := blindtoken.NewSecret(random)
	if err != nil {
		return nil, err
	}
	s := &State{chainID: chainID, election: election, entry: entry, style: style, secret: secret}
	if _, err := io.ReadFull(random, s.claim[:]); err != nil {
		return nil, fmt.Errorf("draw claim key: %w", err)
	}
	return s, nil
}

// Election, Entry and Style for which the state was made.
func (s *State) Election() [32]byte { return s.election }
func (s *State) Entry() [32]byte    { return s.entry }
func (s *State) Style() uint32      { return s.style }

// Panel that is asked for the token, or gave it.
func (s *State) Panel() uint32 { return s.panel }

// HasToken reports whether all members have signed.
func (s *State) HasToken() bool { return len(s.signatures) > 0 && complete(s.signatures) }

// Casts lists the finished ballots, the latest last.
func (s *State) Casts() []Cast { return append([]Cast(nil), s.casts...) }

// Pending is the finished ballot that is not known to be in a block, nil if
// there is none.
func (s *State) Pending() *Cast {
	if n := len(s.casts); n > 0 && s.casts[n-1].Height == 0 {
		c := s.casts[n-1]
		return &c
	}
	return nil
}

// Format prints a redaction for every verb.
func (s *State) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[voter state]") }

// stateFile is the JSON form.
type stateFile struct {
	Version      string    `json:"version"`
	ChainID      string    `json:"chain_id"`
	Election     api.Hex   `json:"election"`
	Entry        api.Hex   `json:"entry"`
	Style        uint32    `json:"style"`
	Secret       api.Hex   `json:"token_secret"`
	Claim        api.Hex   `json:"claim_seed"`
	Panel        uint32    `json:"panel"`
	Endorsements []api.Hex `json:"endorsements"`
	Issuance     api.Hex   `json:"issuance"`
	Signatures   []api.Hex `json:"signatures"`
	Casts        []Cast    `json:"casts"`
}

// Reveal is the content of the state file, for the device's own store only.
func (s *State) Reveal() ([]byte, error) {
	secret := s.secret.Reveal()
	f := stateFile{
		Version: stateVersion, ChainID: s.chainID, Election: s.election[:], Entry: s.entry[:], Style: s.style,
		Secret: secret[:], Claim: s.claim[:], Panel: s.panel, Endorsements: hexes(s.endorsements),
		Issuance: s.issuance, Signatures: hexes(s.signatures), Casts: append([]Cast{}, s.casts...),
	}
	out, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write voter state: %w", err)
	}
	return append(out, '\n'), nil
}

// ParseState reads what Reveal wrote. Errors never repeat the content.
func ParseState(b []byte) (*State, error) {
	if len(b) > maxState {
		return nil, fmt.Errorf("read voter state: %d bytes are more than the limit of %d", len(b), maxState)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f stateFile
	if dec.Decode(&f) != nil {
		return nil, errors.New("read voter state: not one JSON object with the expected fields; the file is damaged or of another version")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read voter state: something follows the JSON object")
	}
	if f.Version != stateVersion {
		return nil, fmt.Errorf("read voter state: version is %.20q where %q is known", f.Version, stateVersion)
	}
	for name, b := range map[string]api.Hex{"election": f.Election, "entry": f.Entry, "token_secret": f.Secret, "claim_seed": f.Claim} {
		if len(b) != 32 {
			return nil, fmt.Errorf("read voter state: %s has %d bytes where 32 are expected", name, len(b))
		}
	}
	secret, err := blindtoken.SecretFromBytes(f.Secret)
	if err != nil {
		return nil, fmt.Errorf("read voter state: %w", err)
	}
	for i, c := range f.Casts {
		if c.Sequence != uint32(i+1) || len(c.Raw) == 0 || (c.Height == 0 && i != len(f.Casts)-1) {
			return nil, fmt.Errorf("read voter state: casts[%d] does not follow the one before", i)
		}
	}
	if len(f.Issuance) == 0 {
		f.Issuance = nil
	}
	return &State{
		chainID: f.ChainID, election: [32]byte(f.Election), entry: [32]byte(f.Entry), style: f.Style,
		secret: secret, claim: [32]byte(f.Claim), panel: f.Panel, endorsements: raws(f.Endorsements),
		issuance: f.Issuance, signatures: raws(f.Signatures), casts: f.Casts,
	}, nil
}

// WriteFile replaces the state file as a whole: after a crash the old or the
// new one is there. It is on the disk when WriteFile returns.
func (s *State) WriteFile(path string) error {
	content, err := s.Reveal()
	if err != nil {
		return err
	}
	if err := wholefile.Replace(path, content, 0o600); err != nil {
		return fmt.Errorf("save voter state: %w", err)
	}
	return nil
}

// ReadFile reads a state file; fs.ErrNotExist if there is none. A file that
// others can read is refused.
func ReadFile(path string) (*State, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read voter state: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read voter state: %s can be read by others (mode %04o): chmod 600 it: %w", path, info.Mode().Perm(), fs.ErrPermission)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read voter state: %w", err)
	}
	return ParseState(b)
}

func complete(list [][]byte) bool {
	for _, b := range list {
		if len(b) == 0 {
			return false
		}
	}
	return true
}

func hexes(list [][]byte) []api.Hex {
	out := make([]api.Hex, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

func raws(list []api.Hex) [][]byte {
	out := make([][]byte, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}
