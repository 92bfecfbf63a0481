package keystore

import (
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/internal/wholefile"
)

const shareType = "urna/key-share"

var shareCheckLabel = transcript.Register("trustee/share-check")

// ErrForeign: the file on the medium belongs to something else than was asked for.
var ErrForeign = errors.New("the file is of something else")

// Share is a trustee's secret share of an election key. It prints as a
// redaction; SaveShare is the only way onto a disk.
type Share struct {
	ChainID  string
	Election [32]byte
	Zone     uint32
	Attempt  uint32
	// Index of the trustee in the ceremony, from 1.
	Index uint32
	// KeyHash binds the whole key vector with its mode.
	KeyHash [32]byte
	// secrets x_1..x_L, one scalar per slot.
	secrets []byte
}

// NewShare takes the secret over; the other fields are for the caller to set.
func NewShare(key *threshold.KeyShare) *Share {
	return &Share{Index: uint32(key.Index()), secrets: key.Reveal()}
}

// Open checks the secret against the trustee's verification keys X_1..X_L and
// gives it out for use.
func (s *Share) Open(verification []group.Point) (*threshold.KeyShare, error) {
	return threshold.KeyShareFromBytes(int(s.Index), s.secrets, verification)
}

// Format prints a redaction for every verb.
func (s Share) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key share]") }

// shareFile is the file's form.
type shareFile struct {
	Type     string `json:"type"`
	ChainID  string `json:"chain_id"`
	Election string `json:"election"`
	Zone     uint32 `json:"zone"`
	Attempt  uint32 `json:"attempt"`
	Index    uint32 `json:"index"`
	Trustee  string `json:"trustee"`
	KeyHash  string `json:"key_hash"`
	Secrets  string `json:"secrets"`
	// Check is a hash of all the others, so that a damaged file is found.
	Check string `json:"check"`
}

// ShareName is the name of a zone's share file.
func ShareName(election [32]byte, zone uint32) string {
	return fmt.Sprintf("share-%x-%d.json", election[:4], zone)
}

// SaveShare writes a share. One that is there already must be the same, or of
// an earlier attempt, whose key is void: that one is kept under another name.
func (h *Home) SaveShare(s *Share) error {
	text, err := h.shareText(s)
	if err != nil {
		return fmt.Errorf("save share: %w", err)
	}
	path := filepath.Join(h.dir, ShareName(s.Election, s.Zone))
	err = wholefile.Create(path, text, 0o600)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("save share: %w", err)
	}
	old, err := h.LoadShare(s.ChainID, s.Election, s.Zone)
	if err != nil {
		return fmt.Errorf("save share: %w", err)
	}
	switch {
	case old.Attempt < s.Attempt:
		void := fmt.Sprintf("share-%x-%d-void-attempt-%d.json", s.Election[:4], s.Zone, old.Attempt)
		if err := os.Link(path, filepath.Join(h.dir, void)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("save share: keep the void one: %w", err)
		}
		return wholefile.Replace(path, text, 0o600)
	case old.Attempt > s.Attempt || old.KeyHash != s.KeyHash || old.Index != s.Index || subtle.ConstantTimeCompare(old.secrets, s.secrets) != 1:
		return fmt.Errorf("save share: %s holds the share of another key (attempt %d, hash %x), this one is of attempt %d, hash %x: %w",
			path, old.Attempt, old.KeyHash[:8], s.Attempt, s.KeyHash[:8], ErrForeign)
	}
	return nil
}

func (h *Home) shareText(s *Share) ([]byte, error) {
	public := h.Public()
	f := shareFile{
		Type: shareType, ChainID: s.ChainID, Election: hex.EncodeToString(s.Election[:]), Zone: s.Zone,
		Attempt: s.Attempt, Index: s.Index, Trustee: hex.EncodeToString(public[:]), KeyHash: hex.EncodeToString(s.KeyHash[:]),
		Secrets: hex.EncodeToString(s.secrets),
	}
	f.Check = f.check()
	text, err := json.MarshalIndent(f, "", " ")
	return append(text, '\n'), err
}

// LoadShare reads the share of a zone's key. fs.ErrNotExist: there is none;
// ErrForeign: the file is another chain's, election's, zone's or trustee's.
func (h *Home) LoadShare(chainID string, election [32]byte, zone uint32) (*Share, error) {
	path := filepath.Join(h.dir, ShareName(election, zone))
	text, err := readOwn(path)
	if err != nil {
		return nil, fmt.Errorf("load share: %w", err)
	}
	var f shareFile
	if err := decodeStrict(text, &f); err != nil {
		return nil, fmt.Errorf("load share: %s: %w", path, err)
	}
	if f.Type != shareType || f.Check != f.check() {
		return nil, fmt.Errorf("load share: %s: not a share file, or damaged", path)
	}
	public := h.Public()
	switch {
	case f.ChainID != chainID:
		return nil, fmt.Errorf("load share: %s is of chain %q, not of %q: %w", path, f.ChainID, chainID, ErrForeign)
	case f.Election != hex.EncodeToString(election[:]) || f.Zone != zone:
		return nil, fmt.Errorf("load share: %s is of election %s, zone %d, not of election %x, zone %d: %w",
			path, f.Election, f.Zone, election, zone, ErrForeign)
	case f.Trustee != hex.EncodeToString(public[:]):
		return nil, fmt.Errorf("load share: %s is of trustee %s, this medium is of %x: %w", path, f.Trustee, public, ErrForeign)
	}
	s, err := f.share()
	if err != nil {
		return nil, fmt.Errorf("load share: %s: %w", path, err)
	}
	return s, nil
}

// share reads the fields; errors name them and never show them.
func (f *shareFile) share() (*Share, error) {
	s := &Share{ChainID: f.ChainID, Zone: f.Zone, Attempt: f.Attempt, Index: f.Index}
	for _, field := range []struct {
		name, text string
		into       *[32]byte
	}{{"election", f.Election, &s.Election}, {"key_hash", f.KeyHash, &s.KeyHash}} {
		b, err := hex.DecodeString(field.text)
		if err != nil || len(b) != 32 {
			return nil, fmt.Errorf("%s is not 32 bytes of hex", field.name)
		}
		*field.into = [32]byte(b)
	}
	b, err := hex.DecodeString(f.Secrets)
	if err != nil || len(b) == 0 || len(b)%group.Size != 0 || f.Index == 0 {
		return nil, errors.New("secrets or index are malformed")
	}
	s.secrets = b
	return s, nil
}

func (f *shareFile) check() string {
	sum := transcript.HashForChain(shareCheckLabel, f.ChainID, []byte(f.Type), []byte(f.Election),
		fmt.Append(nil, f.Zone), fmt.Append(nil, f.Attempt), fmt.Append(nil, f.Index), []byte(f.Trustee), []byte(f.KeyHash), []byte(f.Secrets))
	return hex.EncodeToString(sum[:])
}

// Shares lists the shares on the medium, without what is void.
func (h *Home) Shares() ([]*Share, error) {
	paths, err := filepath.Glob(filepath.Join(h.dir, "share-*.json"))
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", err)
	}
	out := []*Share{}
	for _, path := range paths {
		if strings.Contains(filepath.Base(path), "-void-") {
			continue
		}
		text, err := readOwn(path)
		if err != nil {
			return nil, err
		}
		var f shareFile
		if err := decodeStrict(text, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		s, err := f.share()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if s, err = h.LoadShare(s.ChainID, s.Election, s.Zone); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
