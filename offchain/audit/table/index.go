package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	pageBytes = 4096
	slotBytes = 16
	pageSlots = pageBytes / slotBytes
	// firstPages of an index, a power of two.
	firstPages = 16
)

// index is slots of a keyed hash and the place of a record, in a file of which
// some pages are in memory. Slots are ordered by the first bits of their hash,
// so that growing goes through old and new pages in order.
type index struct {
	file   *os.File
	pages  int64
	used   int64
	frames []*frame
}

// frame holds a page.
type frame struct {
	page  int64
	dirty bool
	data  [pageBytes]byte
}

func newIndex(dir, name string, pages int64, frames int) (*index, error) {
	f, err := os.CreateTemp(dir, name+"-*"+indexSuffix)
	if err != nil {
		return nil, fmt.Errorf("make index of %s: %w", name, err)
	}
	if err := f.Truncate(pages * pageBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("make index of %s: %w", name, err), f.Close(), os.Remove(f.Name()))
	}
	return &index{file: f, pages: pages, frames: make([]*frame, frames)}, nil
}

func (x *index) close() error { return errors.Join(x.file.Close(), os.Remove(x.file.Name())) }

// slots is how many there are; a power of two.
func (x *index) slots() uint64 { return uint64(x.pages) * pageSlots }

// home is the first slot in which a hash may stand.
func (x *index) home(hash uint64) uint64 {
	slots, shift := x.slots(), 64
	for s := slots; s > 1; s >>= 1 {
		shift--
	}
	return hash >> shift
}

func (x *index) next(slot uint64) uint64 { return (slot + 1) & (x.slots() - 1) }

// load gives the frame that holds a page.
func (x *index) load(page int64) (*frame, error) {
	at := page % int64(len(x.frames))
	f := x.frames[at]
	if f != nil && f.page == page {
		return f, nil
	}
	if f == nil {
		f = new(frame)
		x.frames[at] = f
	} else if f.dirty {
		if _, err := x.file.WriteAt(f.data[:], f.page*pageBytes); err != nil {
			return nil, fmt.Errorf("write index: %w", err)
		}
	}
	f.page, f.dirty = -1, false
	if _, err := x.file.ReadAt(f.data[:], page*pageBytes); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read index: %w", err)
	}
	f.page = page
	return f, nil
}

// get reads a slot; place 0 is an empty one.
func (x *index) get(slot uint64) (hash, place uint64, err error) {
	f, err := x.load(int64(slot / pageSlots))
	if err != nil {
		return 0, 0, err
	}
	b := f.data[slot%pageSlots*slotBytes:][:slotBytes]
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), nil
}

func (x *index) set(slot, hash, place uint64) error {
	f, err := x.load(int64(slot / pageSlots))
	if err != nil {
		return err
	}
	b := f.data[slot%pageSlots*slotBytes:][:slotBytes]
	binary.LittleEndian.PutUint64(b, hash)
	binary.LittleEndian.PutUint64(b[8:], place)
	f.dirty = true
	return nil
}

// crowded reports that probing becomes long.
func (x *index) crowded() bool { return uint64(x.used)*3 >= x.slots()*2 }

// moveTo puts all slots into a larger index.
func (x *index) moveTo(to *index) error {
	for slot := range x.slots() {
		hash, place, err := x.get(slot)
		if err != nil {
			return err
		}
		if place == 0 {
			continue
		}
		at := to.home(hash)
		for {
			_, taken, err := to.get(at)
			if err != nil {
				return err
			}
			if taken == 0 {
				break
			}
			at = to.next(at)
		}
		if err := to.set(at, hash, place); err != nil {
			return err
		}
	}
	to.used = x.used
	return nil
}
