// Package keyfile keeps one Ed25519 signing key in one file: a member's of the
// commission, an issuer's operator key, a trustee's long-term key. A file
// readable by others is refused, a new one never replaces an old one.
//
// Grammar: one JSON object {"type":"urna/ed25519","public":HEX,"seed":HEX}.
package keyfile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/wholefile"
)

const fileType = "urna/ed25519"

type file struct {
	Type   string `json:"type"`
	Public string `json:"public"`
	Seed   string `json:"seed"`
}

// Create draws a key and writes it, mode 0600. It fails if the file exists.
func Create(path string, random io.Reader) (sign.PrivateKey, error) {
	var seed [sign.SeedSize]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return sign.PrivateKey{}, fmt.Errorf("draw key: %w", err)
	}
	key := sign.NewPrivateKey(seed)
	public := key.Public()
	text, err := json.Marshal(file{fileType, hex.EncodeToString(public[:]), hex.EncodeToString(seed[:])})
	if err != nil {
		return sign.PrivateKey{}, err
	}
	err = wholefile.Create(path, append(text, '\n'), 0o600)
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%s exists already and a key is never overwritten: name another file", path)
	}
	if err != nil {
		return sign.PrivateKey{}, fmt.Errorf("write key file: %w", err)
	}
	return key, nil
}

// Load reads a key and checks that it is what it says.
func Load(path string) (sign.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sign.PrivateKey{}, fmt.Errorf("read key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return sign.PrivateKey{}, fmt.Errorf("key file %s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return sign.PrivateKey{}, fmt.Errorf("read key file: %w", err)
	}
	key, err := parse(text)
	if err != nil {
		return sign.PrivateKey{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

// parse never repeats what it read in an error: it may be a secret.
func parse(text []byte) (sign.PrivateKey, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var f file
	err := decoder.Decode(&f)
	if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) {
		return sign.PrivateKey{}, errors.New("not a key file: it must be one JSON object with type, public and seed")
	}
	if f.Type != fileType {
		return sign.PrivateKey{}, fmt.Errorf("type is not %s", fileType)
	}
	var seed [sign.SeedSize]byte
	if raw, err := hex.DecodeString(f.Seed); err != nil || copy(seed[:], raw) != sign.SeedSize || len(raw) != sign.SeedSize {
		return sign.PrivateKey{}, fmt.Errorf("seed is not %d bytes of hex", sign.SeedSize)
	}
	key := sign.NewPrivateKey(seed)
	if public := key.Public(); hex.EncodeToString(public[:]) != f.Public {
		return sign.PrivateKey{}, errors.New("public does not belong to seed: the file is damaged")
	}
	return key, nil
}
