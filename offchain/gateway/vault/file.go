package vault

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// CreateKey draws a key and writes its file, which must not exist yet.
func CreateKey(path string, random io.Reader) (Key, error) {
	k, err := NewKey(random)
	if err != nil {
		return Key{}, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Key{}, fmt.Errorf("write vault key: %w", err)
	}
	_, err = fmt.Fprintf(f, "%x\n", *k.secret())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Key{}, fmt.Errorf("write vault key %s: %w", path, err)
	}
	return k, nil
}

// LoadKey reads a key's file, which nobody else may be able to read.
func LoadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("read vault key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("read vault key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("vault key %s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, 2*KeySize+2))
	if err != nil {
		return Key{}, fmt.Errorf("read vault key: %w", err)
	}
	secret := new([KeySize]byte)
	if len(text) != 2*KeySize+1 {
		return Key{}, fmt.Errorf("vault key %s: not 64 hex digits and a line's end", path)
	}
	if _, err := hex.Decode(secret[:], text[:2*KeySize]); err != nil || fmt.Sprintf("%x\n", *secret) != string(text) {
		return Key{}, fmt.Errorf("vault key %s: not 64 lower-case hex digits and a line's end", path)
	}
	return hold(secret), nil
}

// Equal compares two keys in constant time.
func (k Key) Equal(other Key) bool { return hmac.Equal(k.secret()[:], other.secret()[:]) }
