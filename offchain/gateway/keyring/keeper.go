package keyring

import (
	"context"
	"errors"
)

var (
	// ErrExists: token keys are there already.
	ErrExists = errors.New("token keys of this election exist already and are never overwritten")
	// ErrNone: there are no token keys of the election.
	ErrNone = errors.New("no token keys of this election here")
	// ErrAway: what holds the keys does not answer; asked later it may.
	ErrAway = errors.New("what holds the token keys does not answer")
)

// Keeper is where an issuer's token keys are. It is safe for concurrent use.
type Keeper interface {
	// Make draws a key of so many bits for each slot of an election. A key that is
	// there stays; if all are, ErrExists. Progress, which may be nil, is told how
	// many are done, from several goroutines.
	Make(ctx context.Context, election [32]byte, slots []Slot, bits int, progress func(done int)) (*Ring, error)
	// Load gives the keys of an election; ErrNone if there are none.
	Load(election [32]byte) (*Ring, error)
	// All gives the keys of all elections, perhaps none.
	All() (*Ring, error)
	// Destroy makes the keys of an election unusable for ever; ErrNone if there
	// are none. Done again after a crash it destroys what is left.
	Destroy(election [32]byte) error
	// Place says where the keys of an election are, for a record.
	Place(election [32]byte) (Place, error)
	// Close ends the use of the keys.
	Close() error
}

// Place is where keys are kept.
type Place struct {
	// Kind is "file" or "module".
	Kind string
	// Where: the file's path, or what the module says of itself.
	Where string
	// SHA256 of the encrypted file; nothing for a module.
	SHA256 []byte
}
