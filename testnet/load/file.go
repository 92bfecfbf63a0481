package load

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/urna-vote/urna/proto/api"
)

// A file of ballots:
//
//	magic ‖ u32 length ‖ JSON of Header ‖ u32 checksum
//	{ u8 kind ‖ u32 length ‖ transaction ‖ u32 checksum }
//
// Numbers are little-endian, checksums CRC-32C of what stands before them since
// the last one. Records come in pairs: a voter's issuance, then the ballot.
const (
	magic      = "urna load 1\n"
	maxHeader  = 64 << 10
	maxRecord  = 1 << 20
	recordHead = 5
	recordTail = 4
)

// Kinds of records.
const (
	kindIssuance byte = 1
	kindBallot   byte = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrOtherElection: the file was made for another chain, election or key.
var ErrOtherElection = errors.New("ballots of another election")

// ErrDamaged: the file does not hold what was written.
var ErrDamaged = errors.New("file of ballots is damaged")

// Header says for which election ballots were made.
type Header struct {
	ChainID  string  `json:"chain_id"`
	Election api.Hex `json:"election"`
	// KeyHash binds the election key.
	KeyHash api.Hex `json:"key_hash"`
	// Seed is the hash of the seed from which voters come.
	Seed api.Hex `json:"seed"`
	// Planned is how many voters the file is meant to have.
	Planned int `json:"planned"`
}

// matches compares all but the planned number.
func (h Header) matches(other Header) error {
	for _, f := range []struct {
		what string
		same bool
	}{
		{"chain", h.ChainID == other.ChainID}, {"election", bytes.Equal(h.Election, other.Election)},
		{"election key", bytes.Equal(h.KeyHash, other.KeyHash)}, {"voters' seed", bytes.Equal(h.Seed, other.Seed)},
	} {
		if !f.same {
			return fmt.Errorf("%w: the %s differs; make ballots for this one into another file", ErrOtherElection, f.what)
		}
	}
	return nil
}

// place of a transaction in the file.
type place struct {
	at   int64
	size uint32
	hash [32]byte
}

// List is all transactions of one kind, by voter.
type List struct {
	file   io.ReaderAt
	places []place
}

// Len is their number.
func (l *List) Len() int { return len(l.places) }

// Hash of a transaction.
func (l *List) Hash(i int) [32]byte { return l.places[i].hash }

// Size of a transaction in bytes.
func (l *List) Size(i int) int { return int(l.places[i].size) }

// Read gives a transaction's bytes.
func (l *List) Read(i int) ([]byte, error) {
	raw := make([]byte, l.places[i].size)
	if _, err := l.file.ReadAt(raw, l.places[i].at); err != nil {
		return nil, fmt.Errorf("read transaction %d: %w", i, err)
	}
	return raw, nil
}

// File of ballots that is open for reading.
type File struct {
	Header    Header
	Issuances List
	Ballots   List
	file      *os.File
	// end is where the last whole pair ends.
	end int64
}

// Close closes it.
func (f *File) Close() error { return f.file.Close() }

// Open reads and checks a whole file of ballots.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open ballots: %w", err)
	}
	file, err := scan(f)
	if err == nil && file.torn {
		err = fmt.Errorf("%w: the last record is cut off; continue the making of it", ErrDamaged)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read ballots %s: %w", path, err), f.Close())
	}
	return &file.File, nil
}

type scanned struct {
	File
	// torn: bytes follow the last whole pair, which a crash left.
	torn bool
}

// scan reads everything once: checksums, places and hashes.
func scan(f *os.File) (*scanned, error) {
	in := bufio.NewReaderSize(f, 1<<20)
	s := &scanned{File: File{file: f}}
	head, err := readHeader(in, &s.Header)
	if err != nil {
		return nil, err
	}
	s.Issuances.file, s.Ballots.file = f, f
	s.end = head
	at, first := head, place{}
	var buffer []byte
	for {
		kind, payload, err := readRecord(in, &buffer)
		switch {
		case errors.Is(err, io.EOF):
			s.torn = at != s.end
			return s, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			s.torn = true
			return s, nil
		case err != nil:
			return nil, fmt.Errorf("record at byte %d: %w", at, err)
		}
		p := place{at: at + recordHead, size: uint32(len(payload)), hash: sha256.Sum256(payload)}
		at += recordHead + int64(len(payload)) + recordTail
		switch {
		case kind == kindIssuance && first.size == 0:
			first = p
		case kind == kindBallot && first.size != 0:
			s.Issuances.places, s.Ballots.places = append(s.Issuances.places, first), append(s.Ballots.places, p)
			first, s.end = place{}, at
		default:
			return nil, fmt.Errorf("%w: record of kind %d at byte %d is out of order", ErrDamaged, kind, p.at)
		}
	}
}

func readHeader(in io.Reader, h *Header) (int64, error) {
	fixed := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(in, fixed); err != nil || string(fixed[:len(magic)]) != magic {
		return 0, fmt.Errorf("%w: it does not begin like one", ErrDamaged)
	}
	size := binary.LittleEndian.Uint32(fixed[len(magic):])
	if size > maxHeader {
		return 0, fmt.Errorf("%w: header of %d bytes", ErrDamaged, size)
	}
	text := make([]byte, size+4)
	if _, err := io.ReadFull(in, text); err != nil {
		return 0, fmt.Errorf("%w: the header is cut off", ErrDamaged)
	}
	if sum := crc32.Update(crc32.Checksum(fixed, castagnoli), castagnoli, text[:size]); sum != binary.LittleEndian.Uint32(text[size:]) {
		return 0, fmt.Errorf("%w: checksum of the header", ErrDamaged)
	}
	if err := json.Unmarshal(text[:size], h); err != nil {
		return 0, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	return int64(len(fixed) + len(text)), nil
}

// readRecord returns io.EOF at the end and io.ErrUnexpectedEOF within a record.
func readRecord(in io.Reader, buffer *[]byte) (kind byte, payload []byte, err error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.LittleEndian.Uint32(head[1:])
	if size == 0 || size > maxRecord {
		return 0, nil, fmt.Errorf("%w: length %d", ErrDamaged, size)
	}
	if need := int(size) + recordTail; cap(*buffer) < need {
		*buffer = make([]byte, need)
	}
	b := (*buffer)[:int(size)+recordTail]
	if _, err := io.ReadFull(in, b); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, b[:size])
	if sum != binary.LittleEndian.Uint32(b[size:]) {
		return 0, nil, fmt.Errorf("%w: checksum", ErrDamaged)
	}
	return head[0], b[:size], nil
}

// appendHeader writes what readHeader reads.
func appendHeader(b []byte, h Header) ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	from := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	b = append(b, text...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli)), nil
}

// appendRecord writes what readRecord reads.
func appendRecord(b []byte, kind byte, payload []byte) []byte {
	from := len(b)
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// appender continues a file of ballots, or begins one.
type appender struct {
	file *os.File
	out  *bufio.Writer
	have int
}

// openAppender opens the file of an election. A file for another one is
// refused; a torn end, as a crash leaves it, is cut off.
func openAppender(path string, h Header) (*appender, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open ballots: %w", err)
	}
	a, err := resume(f, h)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("continue ballots %s: %w", path, err), f.Close())
	}
	return a, nil
}

func resume(f *os.File, h Header) (*appender, error) {
	a := &appender{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		head, err := appendHeader(nil, h)
		if err != nil {
			return nil, err
		}
		_, err = a.out.Write(head)
		return a, err
	}
	s, err := scan(f)
	if err != nil {
		return nil, err
	}
	if err := s.Header.matches(h); err != nil {
		return nil, err
	}
	if err := f.Truncate(s.end); err != nil {
		return nil, err
	}
	if _, err := f.Seek(s.end, io.SeekStart); err != nil {
		return nil, err
	}
	a.have = s.Ballots.Len()
	return a, nil
}

func (a *appender) close() error {
	err := a.out.Flush()
	if err == nil {
		err = a.file.Sync()
	}
	return errors.Join(err, a.file.Close())
}
