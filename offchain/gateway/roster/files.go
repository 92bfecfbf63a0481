package roster

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/slip"
)

// Names in a directory of the roster.
const (
	RollFile   = "roll.csv"
	SlipDir    = "slips"
	PassesFile = "passes.csv"
	PrintFile  = "print.csv"
	AccessFile = "access.csv"
	KeyFile    = "access.key"
)

// SlipFile is the file name of a voter's slip: the voter's id where it can be
// one, else a hash of it.
func SlipFile(voter string) string {
	plain := len(voter) > 0 && len(voter) <= 100 && voter[0] != '.'
	for _, c := range []byte(voter) {
		plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')
	}
	if plain {
		return voter + ".json"
	}
	return fmt.Sprintf("voter-%x.json", sha256.Sum256([]byte(voter)))
}

// WriteFiles writes roll and slips into a directory that has none.
func (e *Enrolment) WriteFiles(dir string) error {
	if err := writeNew(filepath.Join(dir, RollFile), 0o644, e.WriteRoll); err != nil {
		return err
	}
	slips := filepath.Join(dir, SlipDir)
	if err := os.Mkdir(slips, 0o700); err != nil {
		return fmt.Errorf("make directory of slips: %w", err)
	}
	for _, s := range e.slips {
		if err := writeSlip(slips, s); err != nil {
			return err
		}
	}
	return nil
}

func writeSlip(dir string, s *slip.Slip) error {
	b, err := s.Reveal()
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, SlipFile(s.Subject)), 0o600, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// WritePassesFile writes an issuer's passes into its directory.
func WritePassesFile(dir string, passes []Pass) error {
	return writeNew(filepath.Join(dir, PassesFile), 0o600, func(w io.Writer) error { return WritePasses(w, passes) })
}

// WriteFiles writes an issuer's codes into its directory.
func (c *Codes) WriteFiles(dir string) error {
	if err := writeNew(filepath.Join(dir, AccessFile), 0o600, c.WriteAccess); err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, PrintFile), 0o600, c.WritePrint)
}

// LoadOrMakeKey reads the gateway's access key from a file, or draws it and
// writes the file if there is none: a gateway keeps one key for all elections.
func LoadOrMakeKey(path string, random io.Reader) (auth.Key, error) {
	key, err := LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = auth.NewKey(random); err != nil {
		return key, err
	}
	return key, WriteKey(path, key)
}

// WriteKey writes an access key to a file that must not exist yet.
func WriteKey(path string, key auth.Key) error {
	b := key.Reveal()
	return writeNew(path, 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%x\n", b)
		return err
	})
}

// LoadKey reads the gateway's access key. A file that others can read is refused.
func LoadKey(path string) (auth.Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return auth.Key{}, fmt.Errorf("read access key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return auth.Key{}, fmt.Errorf("access key %s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return auth.Key{}, fmt.Errorf("read access key: %w", err)
	}
	b, err := hex.DecodeString(string(bytes.TrimSuffix(text, []byte("\n"))))
	if err != nil {
		return auth.Key{}, fmt.Errorf("access key %s is not hex", path)
	}
	return auth.KeyFromBytes(b)
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	out := bufio.NewWriter(f)
	if err := errors.Join(write(out), out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
