package keystore

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/offchain/keyfile"
)

const (
	keyName  = "signing-key.json"
	seedName = "ceremony-seed.json"
	seedType = "urna/ceremony-seed"
)

var seedCheckLabel = transcript.Register("trustee/seed-check")

// Home is an opened medium. It prints as a redaction.
type Home struct {
	dir  string
	key  sign.PrivateKey
	seed *threshold.Seed
}

// seedFile: check finds a damaged seed, from which silently other keys and
// polynomials would follow.
type seedFile struct {
	Type  string `json:"type"`
	Seed  string `json:"seed"`
	Check string `json:"check"`
}

// Init makes a medium with fresh keys in a directory that does not exist yet.
func Init(dir string, random io.Reader) (_ *Home, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make trustee's medium: %s exists already and keys are never overwritten: name another directory", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	// Mode 0700 already.
	building, err := os.MkdirTemp(filepath.Dir(dir), ".trustee-new-*")
	if err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(building)
		}
	}()
	if err := fill(building, random); err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	// Renaming onto a directory that holds something fails.
	if err := os.Rename(building, dir); err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	if err := wholefile.SyncNames(filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("make trustee's medium: %w", err)
	}
	return Open(dir)
}

func fill(dir string, random io.Reader) error {
	if _, err := keyfile.Create(filepath.Join(dir, keyName), random); err != nil {
		return err
	}
	seed, err := threshold.NewSeed(random)
	if err != nil {
		return err
	}
	b := seed.Reveal()
	text, err := json.Marshal(seedFile{Type: seedType, Seed: hex.EncodeToString(b[:]), Check: seedCheck(b)})
	if err != nil {
		return fmt.Errorf("encode ceremony seed: %w", err)
	}
	return wholefile.Create(filepath.Join(dir, seedName), append(text, '\n'), 0o600)
}

func seedCheck(seed [threshold.SeedSize]byte) string {
	sum := transcript.HashForChain(seedCheckLabel, "", seed[:])
	return hex.EncodeToString(sum[:])
}

// Open reads a medium.
func Open(dir string) (*Home, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open trustee's medium: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open trustee's medium: %s is not a directory", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("open trustee's medium: %s is open to others (mode %04o): chmod 700 it", dir, info.Mode().Perm())
	}
	h := &Home{dir: dir}
	if h.key, err = keyfile.Load(filepath.Join(dir, keyName)); err != nil {
		return nil, fmt.Errorf("open trustee's medium: %w", err)
	}
	if h.seed, err = loadSeed(filepath.Join(dir, seedName)); err != nil {
		return nil, fmt.Errorf("open trustee's medium: %w", err)
	}
	return h, nil
}

func loadSeed(path string) (*threshold.Seed, error) {
	text, err := readOwn(path)
	if err != nil {
		return nil, err
	}
	var f seedFile
	if err := decodeStrict(text, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.Type != seedType {
		return nil, fmt.Errorf("%s: type is not %s", path, seedType)
	}
	b, err := hex.DecodeString(f.Seed)
	if err != nil || len(b) != threshold.SeedSize || hex.EncodeToString(b) != f.Seed {
		return nil, fmt.Errorf("%s: seed is not %d bytes of hex", path, threshold.SeedSize)
	}
	if seedCheck([threshold.SeedSize]byte(b)) != f.Check {
		return nil, fmt.Errorf("%s: the seed does not fit its check: the file is damaged", path)
	}
	seed, err := threshold.SeedFromBytes(b)
	if err != nil {
		return nil, fmt.Errorf("%s: not a seed", path)
	}
	return seed, nil
}

// Dir of the medium.
func (h *Home) Dir() string { return h.dir }

// Key signs as the trustee.
func (h *Home) Key() sign.PrivateKey { return h.key }

// Public is the trustee's long-term key, by which elections name it.
func (h *Home) Public() [sign.PublicKeySize]byte { return h.key.Public() }

// Seed of all ceremonies.
func (h *Home) Seed() *threshold.Seed { return h.seed }

// Format prints a redaction for every verb.
func (h Home) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[trustee's medium]") }
