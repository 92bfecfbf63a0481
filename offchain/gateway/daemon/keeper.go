package daemon

import (
	"bytes"
	"fmt"
	"os"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/hsm"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
)

// Keeper opens what keeps the gateway's token keys: a directory of encrypted
// files, or the hardware module of the settings. The caller closes it.
func Keeper(cfg config.Config) (keyring.Keeper, error) {
	if cfg.HSM.Module == "" {
		return keyring.NewFiles(cfg.TokenKeys, func() (*keyring.Lock, error) { return Lock(cfg) }), nil
	}
	pin, err := readSecret(cfg.HSM.PINFile)
	if err != nil {
		return nil, fmt.Errorf("read PIN of the hardware module: %w", err)
	}
	return hsm.Open(hsm.Config{Library: cfg.HSM.Module, Token: cfg.HSM.Token, PIN: hsm.PIN(pin)})
}

// Lock is what opens the files of token keys.
func Lock(cfg config.Config) (*keyring.Lock, error) {
	path := cfg.Identity
	if path == "" {
		path = cfg.PassphraseFile
	}
	content, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read what opens the token keys: %w", err)
	}
	if cfg.Identity != "" {
		return keyring.IdentityLock(content)
	}
	return keyring.PassphraseLock(string(content))
}

// readSecret reads a file that only its owner may read, without the end of its
// last line.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(content, "\r\n"), nil
}
