package enginedb

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// iterator belongs to one goroutine.
type iterator struct {
	source     *pebble.Iterator
	start, end []byte
	descending bool
	// valid is kept so that an iterator once exhausted stays so.
	valid bool
}

func newIterator(source *pebble.Iterator, start, end []byte, descending bool) *iterator {
	it := &iterator{source: source, start: start, end: end, descending: descending}
	if descending {
		it.valid = source.Last()
	} else {
		it.valid = source.First()
	}
	return it
}

// Domain returns the limits given.
func (it *iterator) Domain() (start, end []byte) { return it.start, it.end }

// Valid reports whether there is a current pair.
func (it *iterator) Valid() bool { return it.valid }

// Next moves on; it panics at the end.
func (it *iterator) Next() {
	it.mustBeValid()
	if it.descending {
		it.valid = it.source.Prev()
	} else {
		it.valid = it.source.Next()
	}
}

// Key returns a copy of the current key; it panics at the end.
func (it *iterator) Key() []byte {
	it.mustBeValid()
	return slices.Clone(it.source.Key())
}

// Value returns a copy of the current value, never nil; it panics at the end.
func (it *iterator) Value() []byte {
	it.mustBeValid()
	value := it.source.Value()
	return append(make([]byte, 0, len(value)), value...)
}

// Error returns what stopped the iteration early, if anything.
func (it *iterator) Error() error {
	if it.source == nil {
		return nil
	}
	return it.source.Error()
}

// Close releases the snapshot; a second call does nothing.
func (it *iterator) Close() error {
	it.valid = false
	if it.source == nil {
		return nil
	}
	source := it.source
	it.source = nil
	return source.Close()
}

func (it *iterator) mustBeValid() {
	if !it.valid {
		panic("enginedb: iterator used past its end")
	}
}
