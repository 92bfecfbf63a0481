package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/urna-vote/urna/crypto/transcript"
)

// secretSize is the length in bytes of ids, cookies and grants.
const secretSize = 32

// maxReturn limits a return address.
const maxReturn = 500

var hashLabel = transcript.Register("gateway/session")

// Store keeps attempts and sessions. It is safe for concurrent use; replicas
// share what it stands on.
type Store struct {
	cfg Config
}

// New makes a store over an open database.
func New(cfg Config) (*Store, error) {
	u, err := url.Parse(cfg.Public)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("public: the address under which browsers reach this gateway, such as https://gateway.example")
	}
	cfg.Public = u.Scheme + "://" + u.Host
	return &Store{cfg: cfg}, nil
}

// Redirect is the address registered at the portal.
func (s *Store) Redirect() string { return s.cfg.Public + "/login/callback" }

// draw makes a secret and its spelling.
func (s *Store) draw() (string, error) {
	b := make([]byte, secretSize)
	if _, err := io.ReadFull(s.cfg.Random, b); err != nil {
		return "", fmt.Errorf("draw secret of a log-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// hash is how a secret is stored; kind keeps one from standing for another.
func hash(kind, secret string) [32]byte {
	return sha256.Sum256(transcript.JoinFields([]byte(hashLabel.String()), []byte(kind), []byte(secret)))
}

// fits compares what is stored with what is shown.
func fits(stored []byte, shown [32]byte) bool {
	return subtle.ConstantTimeCompare(stored, shown[:]) == 1
}

// checkReturn says whether a browser may be sent there, and whether the device
// itself listens there.
func (s *Store) checkReturn(address string) (loopback bool, err error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxReturn || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(address, "#") {
		return false, ErrReturn
	}
	if slices.Contains(s.cfg.Origins, u.Scheme+"://"+u.Host) {
		return false, nil
	}
	if u.Scheme == "http" && u.Port() != "" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1") {
		return true, nil
	}
	return false, ErrReturn
}

// back is the return address with one value. A page gets it where no server
// sees it; a program that listens on the loopback address gets it as a query.
func (s *Store) back(address, name, value string) string {
	separator := "#"
	if loopback, err := s.checkReturn(address); err == nil && loopback {
		separator = "?"
	}
	return address + separator + name + "=" + url.QueryEscape(value)
}
