package table

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// KeySize is the size of a key.
const KeySize = 32

const (
	headBytes   = KeySize + 4
	indexSuffix = ".index"
	logSuffix   = ".log"
	// A record that is read is mostly no longer than this.
	readAhead = 512
	// DefaultPages of an index are in memory: 4 MiB.
	DefaultPages = 1024
	// tailBytes are written to the log at once.
	tailBytes = 256 << 10
)

// ErrDamaged: a log is not what its mark says.
var ErrDamaged = errors.New("table is damaged")

// Mark is a state of a table that it can be opened in again.
type Mark struct {
	Bytes  int64
	SHA256 [sha256.Size]byte
}

// Table maps keys to values. It belongs to one goroutine.
type Table struct {
	dir, name string
	frames    int
	seed      maphash.Seed
	log       *os.File
	// flushed bytes of the log are in the file, the rest is the tail.
	flushed int64
	tail    []byte
	sum     hash.Hash
	index   *index
	buf     []byte
}

// Create makes an empty table, in place of one of this name. So many pages of
// its index are kept in memory; 0 is DefaultPages.
func Create(dir, name string, pages int) (*Table, error) {
	return open(dir, name, pages, os.O_CREATE|os.O_TRUNC)
}

// Open opens a table as it was at a mark; what was written since is dropped.
// Each record is shown as it was written, with those that were replaced; visit
// may be nil. A log that is not what the mark says is ErrDamaged.
func Open(dir, name string, pages int, m Mark, visit func(key [KeySize]byte, value []byte) error) (*Table, error) {
	t, err := open(dir, name, pages, 0)
	if err != nil {
		return nil, err
	}
	if err := t.restore(m, visit); err != nil {
		return nil, errors.Join(fmt.Errorf("open table %s: %w", name, err), t.Close())
	}
	return t, nil
}

func open(dir, name string, pages, how int) (*Table, error) {
	if pages <= 0 {
		pages = DefaultPages
	}
	log, err := os.OpenFile(filepath.Join(dir, name+logSuffix), os.O_RDWR|how, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open table %s: %w", name, err)
	}
	x, err := newIndex(dir, name, firstPages, pages)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return &Table{dir: dir, name: name, frames: pages, seed: maphash.MakeSeed(), log: log, sum: sha256.New(), index: x}, nil
}

// restore reads the log and makes the index. Nothing is looked into before the
// hash is right.
func (t *Table) restore(m Mark, visit func(key [KeySize]byte, value []byte) error) error {
	n, err := io.Copy(t.sum, io.NewSectionReader(t.log, 0, m.Bytes))
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if got := t.sum.Sum(nil); n != m.Bytes || !bytes.Equal(got, m.SHA256[:]) {
		return fmt.Errorf("%d bytes have the hash %x, marked are %d with %x: %w", n, got, m.Bytes, m.SHA256, ErrDamaged)
	}
	err = t.scan(m.Bytes, func(at int64, key [KeySize]byte, record []byte) error {
		t.flushed = at + int64(len(record))
		if err := t.point(key, at); err != nil {
			return err
		}
		if visit == nil {
			return nil
		}
		return visit(key, record[headBytes:])
	})
	if err != nil {
		return err
	}
	return t.log.Truncate(m.Bytes)
}

// scan goes through the records in the first bytes of the log's file.
func (t *Table) scan(size int64, visit func(at int64, key [KeySize]byte, record []byte) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(t.log, 0, size), tailBytes)
	var record []byte
	for at := int64(0); at < size; at += int64(len(record)) {
		record = slices.Grow(record[:0], headBytes)[:headBytes]
		if _, err := io.ReadFull(r, record); err != nil {
			return cutOff(err)
		}
		n := int64(binary.BigEndian.Uint32(record[KeySize:]))
		if n > size-at-headBytes {
			return cutOff(io.ErrUnexpectedEOF)
		}
		record = slices.Grow(record, int(n))[:headBytes+n]
		if _, err := io.ReadFull(r, record[headBytes:]); err != nil {
			return cutOff(err)
		}
		if err := visit(at, [KeySize]byte(record), record); err != nil {
			return err
		}
	}
	return nil
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("a record is cut off: %w", ErrDamaged)
	}
	return fmt.Errorf("read log: %w", err)
}

// Get finds the value of a key. It stays valid until the table is used again.
func (t *Table) Get(key [KeySize]byte) (value []byte, ok bool, err error) {
	_, record, err := t.find(key, maphash.Bytes(t.seed, key[:]))
	if err != nil || record == nil {
		return nil, false, err
	}
	return record[headBytes:], true, nil
}

// Put sets the value of a key.
func (t *Table) Put(key [KeySize]byte, value []byte) error {
	at := t.flushed + int64(len(t.tail))
	begin := len(t.tail)
	t.tail = append(t.tail, key[:]...)
	t.tail = binary.BigEndian.AppendUint32(t.tail, uint32(len(value)))
	t.tail = append(t.tail, value...)
	_, _ = t.sum.Write(t.tail[begin:]) // a hash takes everything
	if err := t.point(key, at); err != nil {
		return err
	}
	if len(t.tail) >= tailBytes {
		return t.flush()
	}
	return nil
}

// point lets the index show a record for its key.
func (t *Table) point(key [KeySize]byte, at int64) error {
	hash := maphash.Bytes(t.seed, key[:])
	slot, record, err := t.find(key, hash)
	if err != nil {
		return err
	}
	if err := t.index.set(slot, hash, uint64(at)+1); err != nil {
		return err
	}
	if record != nil {
		return nil
	}
	t.index.used++
	if t.index.crowded() {
		return t.grow()
	}
	return nil
}

// find gives the slot of a key and its record, or the slot where it belongs.
func (t *Table) find(key [KeySize]byte, hash uint64) (slot uint64, record []byte, err error) {
	for slot = t.index.home(hash); ; slot = t.index.next(slot) {
		h, place, err := t.index.get(slot)
		if err != nil || place == 0 {
			return slot, nil, err
		}
		if h != hash {
			continue
		}
		record, err := t.read(int64(place - 1))
		if err != nil {
			return 0, nil, err
		}
		if [KeySize]byte(record) == key {
			return slot, record, nil
		}
	}
}

// read gives the record at a place of the log.
func (t *Table) read(at int64) ([]byte, error) {
	if at >= t.flushed {
		b := t.tail[at-t.flushed:]
		return b[:headBytes+int(binary.BigEndian.Uint32(b[KeySize:]))], nil
	}
	t.buf = slices.Grow(t.buf[:0], readAhead)[:min(readAhead, t.flushed-at)]
	if _, err := t.log.ReadAt(t.buf, at); err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.name, err)
	}
	size := headBytes + int(binary.BigEndian.Uint32(t.buf[KeySize:]))
	if got := len(t.buf); size > got {
		t.buf = slices.Grow(t.buf, size-got)[:size]
		if _, err := t.log.ReadAt(t.buf[got:], at+int64(got)); err != nil {
			return nil, fmt.Errorf("read table %s: %w", t.name, err)
		}
	}
	return t.buf[:size], nil
}

// grow doubles the index.
func (t *Table) grow() error {
	larger, err := newIndex(t.dir, t.name, t.index.pages*2, t.frames)
	if err != nil {
		return err
	}
	if err := t.index.moveTo(larger); err != nil {
		return errors.Join(err, larger.close())
	}
	old := t.index
	t.index = larger
	return old.close()
}

// flush writes the tail.
func (t *Table) flush() error {
	if _, err := t.log.WriteAt(t.tail, t.flushed); err != nil {
		return fmt.Errorf("write table %s: %w", t.name, err)
	}
	t.flushed += int64(len(t.tail))
	t.tail = t.tail[:0]
	return nil
}

// Len is the number of keys.
func (t *Table) Len() int64 { return t.index.used }

// Bytes of the log.
func (t *Table) Bytes() int64 { return t.flushed + int64(len(t.tail)) }

// Each visits all keys with their values, in the order in which the values
// were written. The visitor may not use the table.
func (t *Table) Each(visit func(key [KeySize]byte, value []byte) error) error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.scan(t.flushed, func(at int64, key [KeySize]byte, record []byte) error {
		hash := maphash.Bytes(t.seed, key[:])
		for slot := t.index.home(hash); ; slot = t.index.next(slot) {
			h, place, err := t.index.get(slot)
			if err != nil || place == 0 {
				return err // replaced: the index shows another record
			}
			if h == hash && place == uint64(at)+1 {
				return visit(key, record[headBytes:])
			}
		}
	})
}

// Mark makes the table durable and says how to open it as it is now.
func (t *Table) Mark() (Mark, error) {
	if err := t.flush(); err != nil {
		return Mark{}, err
	}
	if err := t.log.Sync(); err != nil {
		return Mark{}, fmt.Errorf("write table %s: %w", t.name, err)
	}
	return Mark{Bytes: t.flushed, SHA256: [sha256.Size]byte(t.sum.Sum(nil))}, nil
}

// Close ends the use of the table; the log stays.
func (t *Table) Close() error { return errors.Join(t.index.close(), t.log.Close()) }

// Clear removes the files of all tables and sorters in a directory.
func Clear(dir string) error {
	for _, suffix := range []string{indexSuffix, logSuffix, runsSuffix} {
		names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
		if err != nil {
			return fmt.Errorf("list tables: %w", err)
		}
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("remove table: %w", err)
			}
		}
	}
	return nil
}
