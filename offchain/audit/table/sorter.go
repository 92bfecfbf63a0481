package table

import (
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
)

const (
	runsSuffix = ".runs"
	// DefaultRun is how many records are sorted in memory.
	DefaultRun = 1 << 16
	// cursorRecords of each run are in memory while runs are merged.
	cursorRecords = 128
)

// Sorter gives records of one width in ascending order. It belongs to one
// goroutine.
type Sorter struct {
	width, bound int
	fresh        []byte
	file         *os.File
	size         int64
	runs         []run
}

// run is a stretch of sorted records in the file.
type run struct {
	at int64
	n  int
}

// NewSorter makes a sorter whose file is of no use to another. So many records
// are sorted in memory; 0 is DefaultRun.
func NewSorter(dir, name string, width, bound int) (*Sorter, error) {
	if bound <= 0 {
		bound = DefaultRun
	}
	f, err := os.CreateTemp(dir, name+"-*"+runsSuffix)
	if err != nil {
		return nil, fmt.Errorf("make sorter %s: %w", name, err)
	}
	return &Sorter{width: width, bound: bound, file: f}, nil
}

// Add adds a record.
func (s *Sorter) Add(record []byte) error {
	s.fresh = append(s.fresh, record[:s.width]...)
	if len(s.fresh) >= s.bound*s.width {
		return s.spill()
	}
	return nil
}

// spill writes the records in memory as a run.
func (s *Sorter) spill() error {
	if len(s.fresh) == 0 {
		return nil
	}
	sort.Sort(&flat{b: s.fresh, width: s.width, swap: make([]byte, s.width)})
	if _, err := s.file.WriteAt(s.fresh, s.size); err != nil {
		return fmt.Errorf("write sorted records: %w", err)
	}
	s.runs = append(s.runs, run{at: s.size, n: len(s.fresh) / s.width})
	s.size += int64(len(s.fresh))
	s.fresh = s.fresh[:0]
	return nil
}

// Close ends the use of the sorter and removes its file.
func (s *Sorter) Close() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }

// flat sorts records that stand one after the other.
type flat struct {
	b     []byte
	width int
	swap  []byte
}

func (f *flat) at(i int) []byte    { return f.b[i*f.width:][:f.width] }
func (f *flat) Len() int           { return len(f.b) / f.width }
func (f *flat) Less(i, j int) bool { return bytes.Compare(f.at(i), f.at(j)) < 0 }
func (f *flat) Swap(i, j int) {
	copy(f.swap, f.at(i))
	copy(f.at(i), f.at(j))
	copy(f.at(j), f.swap)
}

// Ascend begins to give the records that have a prefix and were added so far.
// Others may be added meanwhile.
func (s *Sorter) Ascend(prefix []byte) (*Cursor, error) {
	if err := s.spill(); err != nil {
		return nil, err
	}
	c := &Cursor{prefix: slices.Clone(prefix)}
	for _, r := range s.runs {
		p := &part{sorter: s, run: r}
		if err := p.seek(prefix); err != nil {
			return nil, err
		}
		ok, err := p.fill()
		if err != nil {
			return nil, err
		}
		if ok {
			c.parts = append(c.parts, p)
		}
	}
	heap.Init(&c.parts)
	return c, nil
}

// Cursor gives records in ascending order.
type Cursor struct {
	prefix []byte
	parts  parts
	last   []byte
}

// Next gives the next record, false after the last. It stays valid until the
// next call.
func (c *Cursor) Next() ([]byte, bool, error) {
	if len(c.parts) == 0 {
		return nil, false, nil
	}
	p := c.parts[0]
	c.last = append(c.last[:0], p.first()...)
	if !bytes.HasPrefix(c.last, c.prefix) {
		return nil, false, nil
	}
	p.buf = p.buf[p.sorter.width:]
	more, err := p.fill()
	if err != nil {
		return nil, false, err
	}
	if more {
		heap.Fix(&c.parts, 0)
	} else {
		heap.Pop(&c.parts)
	}
	return c.last, true, nil
}

// part is what is left of a run.
type part struct {
	sorter *Sorter
	run    run
	// next record that is not in buf.
	next int
	buf  []byte
	room []byte
}

func (p *part) first() []byte { return p.buf[:p.sorter.width] }

// fill makes sure that the first record is in memory, false if there is none.
func (p *part) fill() (bool, error) {
	if len(p.buf) > 0 {
		return true, nil
	}
	n := min(cursorRecords, p.run.n-p.next)
	if n == 0 {
		return false, nil
	}
	w := p.sorter.width
	if p.room == nil {
		p.room = make([]byte, cursorRecords*w)
	}
	p.buf = p.room[:n*w]
	if err := p.read(p.next, p.buf); err != nil {
		return false, err
	}
	p.next += n
	return true, nil
}

func (p *part) read(record int, b []byte) error {
	if _, err := p.sorter.file.ReadAt(b, p.run.at+int64(record*p.sorter.width)); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read sorted records: %w", err)
	}
	return nil
}

// seek goes to the first record that is not below the prefix.
func (p *part) seek(prefix []byte) error {
	record := make([]byte, p.sorter.width)
	var fault error
	p.next = sort.Search(p.run.n, func(i int) bool {
		if err := p.read(i, record); err != nil {
			fault = err
		}
		return bytes.Compare(record, prefix) >= 0
	})
	return fault
}

// parts is a heap by the first record.
type parts []*part

func (p parts) Len() int           { return len(p) }
func (p parts) Less(i, j int) bool { return bytes.Compare(p[i].first(), p[j].first()) < 0 }
func (p parts) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *parts) Push(x any)        { *p = append(*p, x.(*part)) }
func (p *parts) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
