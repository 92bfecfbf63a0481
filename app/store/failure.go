package store

import (
	"errors"
	"fmt"
)

// Failure is what the store panics with when the disk fails under a reader: a
// rule must never see half an answer. The application turns it into a stop.
type Failure struct {
	// Doing says what was tried.
	Doing string
	Err   error
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %v: the disk or its content failed; nothing of this block was acknowledged", f.Doing, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// fail stops a reader.
func fail(doing string, err error) {
	panic(&Failure{Doing: doing, Err: err})
}

// errCorrupt: what is stored is not what this program writes.
var errCorrupt = errors.New("stored record is damaged")

// pebbleLog hands on what Pebble says; what is fatal to Pebble is to us.
type pebbleLog struct{ say func(string) }

func (l pebbleLog) Infof(string, ...any) {}

func (l pebbleLog) Errorf(format string, args ...any) { l.say(fmt.Sprintf(format, args...)) }

func (l pebbleLog) Fatalf(format string, args ...any) {
	fail("write to the store", fmt.Errorf(format, args...))
}
