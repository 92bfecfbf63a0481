package keyrecord

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/proto/api"
)

// Version of the format.
const Version = "urna key record 1"

// Acts that are recorded.
const (
	Made      = "made"
	Destroyed = "destroyed"
)

// maxRecord limits a record's JSON in bytes: some 30,000 keys.
const maxRecord = 32 << 20

// ErrSignature: the record is not signed by the operator key it names.
var ErrSignature = errors.New("record of token keys is not signed by its operator key")

var label = transcript.Register("key-record")

// Record of a ceremony.
type Record struct {
	Version  string  `json:"version"`
	Act      string  `json:"act"`
	ChainID  string  `json:"chain_id"`
	Election api.Hex `json:"election"`
	Issuer   string  `json:"issuer"`
	Operator api.Hex `json:"operator"`
	// Time of the record, RFC 3339 in UTC, to the second.
	Time string `json:"time"`
	// Account of the machine under which it was done, and who was present.
	Account string   `json:"account"`
	Present []string `json:"present"`
	// Kept is "file" or "module", Where the path or the module's description,
	// FileSHA256 of the encrypted file.
	Kept       string  `json:"kept"`
	Where      string  `json:"where"`
	FileSHA256 api.Hex `json:"file_sha256"`
	Keys       []Key   `json:"keys"`
	// Before is SHA-256 of the record of making, in a record of destruction.
	Before api.Hex `json:"before"`
	// Phases of the election's zones when the keys were destroyed, as proven.
	Phases    []string `json:"phases"`
	Signature api.Hex  `json:"signature"`
}

// Key is one token key.
type Key struct {
	Class   uint32  `json:"class"`
	Panel   uint32  `json:"panel"`
	Modulus api.Hex `json:"modulus"`
}

// Sign completes a record.
func (r *Record) Sign(operator sign.PrivateKey) error {
	public := operator.Public()
	r.Version, r.Operator, r.Signature = Version, public[:], nil
	r.Present, r.Phases = append([]string{}, r.Present...), append([]string{}, r.Phases...)
	if err := r.check(); err != nil {
		return fmt.Errorf("sign record of token keys: %w", err)
	}
	message, err := r.message()
	if err != nil {
		return err
	}
	signature := operator.Sign(message)
	r.Signature = signature[:]
	return nil
}

// Encode is the JSON file.
func (r *Record) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write record of token keys: %w", err)
	}
	return append(b, '\n'), nil
}

// SHA256 of the JSON file.
func (r *Record) SHA256() ([32]byte, error) {
	b, err := r.Encode()
	return sha256.Sum256(b), err
}

// Parse reads a record and checks its signature.
func Parse(b []byte) (*Record, error) {
	if len(b) > maxRecord {
		return nil, fmt.Errorf("read record of token keys: %d bytes are more than the limit of %d", len(b), maxRecord)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	r := new(Record)
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("read record of token keys: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read record of token keys: something follows the JSON object")
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("read record of token keys: %w", err)
	}
	again, err := r.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, errors.New("read record of token keys: it is written otherwise than this program writes it")
	}
	message, err := r.message()
	if err != nil {
		return nil, err
	}
	item := sign.Item{Public: [32]byte(r.Operator), Message: message}
	if copy(item.Signature[:], r.Signature) != sign.SignatureSize || len(r.Signature) != sign.SignatureSize || sign.Verify(item) != nil {
		return nil, ErrSignature
	}
	return r, nil
}

// Ends reports whether this record of destruction is of the keys of a record of
// making, all of them and no others.
func (r *Record) Ends(made *Record) error {
	sum, err := made.SHA256()
	if err != nil {
		return err
	}
	same := slices.EqualFunc(r.Keys, made.Keys, func(a, b Key) bool {
		return a.Class == b.Class && a.Panel == b.Panel && bytes.Equal(a.Modulus, b.Modulus)
	})
	switch {
	case r.Act != Destroyed || made.Act != Made:
		return fmt.Errorf("a record that keys were %s does not end one that keys were %s", r.Act, made.Act)
	case !bytes.Equal(r.Before, sum[:]):
		return fmt.Errorf("it names the record of making %x, not %x", r.Before, sum)
	case !same:
		return errors.New("it names other keys than the record of making")
	}
	return nil
}

func (r *Record) message() ([]byte, error) {
	unsigned := *r
	unsigned.Signature = nil
	b, err := unsigned.Encode()
	if err != nil {
		return nil, err
	}
	t := transcript.New(label, r.ChainID, [32]byte(r.Election))
	t.Append(b)
	sum := t.Sum()
	return sum[:], nil
}

func (r *Record) check() error {
	if r.Version != Version {
		return fmt.Errorf("version is %.30q where %q is known", r.Version, Version)
	}
	if r.Act != Made && r.Act != Destroyed {
		return fmt.Errorf("act is %.30q, must be %q or %q", r.Act, Made, Destroyed)
	}
	if len(r.Election) != 32 || len(r.Operator) != 32 {
		return errors.New("election and operator have 32 bytes")
	}
	if at, err := time.Parse(time.RFC3339, r.Time); err != nil || at.UTC().Format(time.RFC3339) != r.Time {
		return errors.New("time is not RFC 3339 in UTC to the second")
	}
	if r.Kept != "file" && r.Kept != "module" {
		return fmt.Errorf("kept is %.30q, must be \"file\" or \"module\"", r.Kept)
	}
	for _, line := range append([]string{r.ChainID, r.Issuer, r.Account, r.Where}, append(r.Present, r.Phases...)...) {
		if line == "" || len(line) > 4096 || !utf8.ValidString(line) || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return errors.New("names, places and phases are one line of text each")
		}
	}
	if len(r.Keys) == 0 {
		return errors.New("it names no key")
	}
	for i, k := range r.Keys {
		if _, err := blindtoken.DecodePublicKey(k.Modulus); err != nil {
			return fmt.Errorf("keys[%d]: %w", i, err)
		}
		if i > 0 && (k.Class < r.Keys[i-1].Class || (k.Class == r.Keys[i-1].Class && k.Panel <= r.Keys[i-1].Panel)) {
			return fmt.Errorf("keys[%d] does not come after the key before it", i)
		}
	}
	return nil
}
