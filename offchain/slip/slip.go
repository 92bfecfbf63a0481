package slip

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Version is the first field of a slip file.
const Version = "urna slip 1"

// MaxSize limits a slip file in bytes.
const MaxSize = 64 << 10

// ErrEntry: the entry on the slip is not the one its key and subject give.
var ErrEntry = errors.New("entry does not belong to this voter key and voter")

// Slip is one voter's access to one election.
type Slip struct {
	ChainID  string
	Election [32]byte
	// Subject is the voter's id as the register writes it.
	Subject  string
	VoterKey VoterKey
	Style    uint32
	// Codes in the order in which the slip lists the issuers.
	Codes []IssuerCode
}

// IssuerCode is the code that one issuer, by its name, asks for.
type IssuerCode struct {
	Issuer string
	Code   Code
}

// file is the JSON form. Hex is lower case.
type file struct {
	Version  string     `json:"version"`
	ChainID  string     `json:"chain_id"`
	Election string     `json:"election"`
	Subject  string     `json:"voter"`
	VoterKey string     `json:"voter_key"`
	Entry    string     `json:"entry"`
	Style    uint32     `json:"style"`
	Codes    []fileCode `json:"codes"`
}

type fileCode struct {
	Issuer string `json:"issuer"`
	Code   string `json:"code"`
}

// Entry is the voter's entry id.
func (s *Slip) Entry() [32]byte { return s.VoterKey.Entry(s.ChainID, s.Election, s.Subject) }

// Code finds the code of an issuer.
func (s *Slip) Code(issuer string) (Code, bool) {
	for _, c := range s.Codes {
		if c.Issuer == issuer {
			return c.Code, true
		}
	}
	return Code{}, false
}

// Reveal is the slip as the file that is given to its voter and to nobody else.
func (s *Slip) Reveal() ([]byte, error) {
	entry := s.Entry()
	f := file{
		Version: Version, ChainID: s.ChainID, Election: hex.EncodeToString(s.Election[:]),
		Subject: s.Subject, VoterKey: hex.EncodeToString(s.VoterKey.b[:]),
		Entry: hex.EncodeToString(entry[:]), Style: s.Style, Codes: []fileCode{},
	}
	for _, c := range s.Codes {
		f.Codes = append(f.Codes, fileCode{Issuer: c.Issuer, Code: c.Code.Reveal()})
	}
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write slip: %w", err)
	}
	return append(out, '\n'), nil
}

// Parse reads a slip file. It refuses unknown fields and an entry that the
// voter key does not give (ErrEntry): such a slip could make two persons share
// an entry.
func Parse(b []byte) (*Slip, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("read slip: %d bytes are more than the limit of %d", len(b), MaxSize)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f file
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("read slip: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read slip: something follows after its end")
	}
	return f.slip()
}

func (f *file) slip() (*Slip, error) {
	if f.Version != Version {
		return nil, fmt.Errorf("read slip: version is %q where %q is known", f.Version, Version)
	}
	if f.ChainID == "" || f.Subject == "" {
		return nil, errors.New("read slip: chain_id and voter must not be empty")
	}
	s := &Slip{ChainID: f.ChainID, Subject: f.Subject, Style: f.Style}
	var entry [32]byte
	for _, field := range []struct {
		name, text string
		into       *[32]byte
	}{{"election", f.Election, &s.Election}, {"voter_key", f.VoterKey, &s.VoterKey.b}, {"entry", f.Entry, &entry}} {
		b, err := hex.DecodeString(field.text)
		if err != nil || len(b) != 32 || strings.ToLower(field.text) != field.text {
			return nil, fmt.Errorf("read slip: %s is not 64 lower-case hex digits", field.name)
		}
		*field.into = [32]byte(b)
	}
	for i, c := range f.Codes {
		code, err := ParseCode(c.Code)
		if err != nil {
			return nil, fmt.Errorf("read slip, codes[%d]: %w", i, err)
		}
		if _, twice := s.Code(c.Issuer); twice || c.Issuer == "" {
			return nil, fmt.Errorf("read slip, codes[%d]: issuer %q is empty or named twice", i, c.Issuer)
		}
		s.Codes = append(s.Codes, IssuerCode{Issuer: c.Issuer, Code: code})
	}
	if entry != s.Entry() {
		return nil, fmt.Errorf("read slip: %w; ask the commission for another", ErrEntry)
	}
	return s, nil
}

// Format prints a redaction for every verb: the slip holds codes and a name.
func (s *Slip) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access slip]") }
