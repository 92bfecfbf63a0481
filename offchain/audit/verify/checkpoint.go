package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/audit/table"
)

// A checkpoint is the state of a verification between two blocks, when all that
// was stated up to there is verified: the first line, the SHA-256 of what
// follows, and the state. It names the length and the hash of each table.
//
// It is for the program that wrote it, on the disk of who runs it: whoever can
// write there can write the program, too.
const (
	checkpointLine = "urna-audit-checkpoint-1\n"
	checkpointName = "checkpoint"
	lockName       = "lock"
)

// errUnfit: the checkpoint is damaged, or of something else.
var errUnfit = errors.New("checkpoint does not fit")

// checkpointed is the content of a checkpoint.
type checkpointed struct {
	Program string
	Genesis [32]byte
	Bytes   int64
	Tables  map[string]table.Mark
	State   savedState
}

// program names what wrote a checkpoint, by the hash of its file: the rules it
// verified by are those of this very program.
var program = sync.OnceValues(func() (string, error) {
	// Where the system has it, this is the file that runs, also after another
	// was put in its place.
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		name, e := os.Executable()
		if e != nil {
			return "", fmt.Errorf("find own program: %w", e)
		}
		if f, err = os.Open(name); err != nil {
			return "", fmt.Errorf("read own program: %w", err)
		}
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read own program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

func (a *Audit) checkpoint() string { return filepath.Join(a.dir, checkpointName) }

// SaveIfDue writes a checkpoint if the last one is old enough.
func (a *Audit) SaveIfDue() error {
	if time.Since(a.saved) < a.opt.Every {
		return nil
	}
	return a.Save()
}

// Save writes a checkpoint of the height reached, if there is a work directory.
func (a *Audit) Save() error {
	v := a.v
	if a.opt.Work == "" || v.last.header == nil || v.store.err != nil {
		return nil
	}
	if a.opt.Sound && (a.committed != a.Height() || !a.OK()) {
		return nil
	}
	v.bench.settle()
	name, err := program()
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	c := checkpointed{Program: name, Genesis: a.genesis.SHA256, Bytes: a.bytes, Tables: map[string]table.Mark{}}
	for _, t := range v.store.tables() {
		m, err := (*t.at).Mark()
		if err != nil {
			return fmt.Errorf("write checkpoint: %w", err)
		}
		c.Tables[t.name] = m
	}
	if err = v.save(&c.State); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(&c); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	sum := sha256.Sum256(body.Bytes())
	if err := replaceFile(a.checkpoint(), []byte(checkpointLine), sum[:], body.Bytes()); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	a.saved = time.Now()
	if a.opt.Saved != nil {
		a.opt.Saved(a.Height())
	}
	return nil
}

// replaceFile puts bytes in place of a file whole or not at all.
func replaceFile(name string, parts ...[]byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".partial-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = f.Close(), os.Remove(f.Name()) // the first error is told
		}
	}()
	for _, p := range parts {
		if _, err = f.Write(p); err != nil {
			return err
		}
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// resume takes up the checkpoint, if there is one.
func (a *Audit) resume() (found bool, err error) {
	b, err := os.ReadFile(a.checkpoint())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read checkpoint: %w", err)
	}
	return true, a.takeUp(b)
}

func (a *Audit) takeUp(b []byte) error {
	body, ok := bytes.CutPrefix(b, []byte(checkpointLine))
	if !ok || len(body) < sha256.Size || sha256.Sum256(body[sha256.Size:]) != [sha256.Size]byte(body) {
		return fmt.Errorf("%w: it is damaged, or of another version", errUnfit)
	}
	var c checkpointed
	if err := gob.NewDecoder(bytes.NewReader(body[sha256.Size:])).Decode(&c); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	name, err := program()
	switch {
	case err != nil:
		return err
	case c.Genesis != a.genesis.SHA256:
		return fmt.Errorf("%w: it is of the genesis %x", errUnfit, c.Genesis)
	case c.Program != name:
		return fmt.Errorf("%w: another program wrote it, SHA-256 %s; this one has %s", errUnfit, c.Program, name)
	}
	v, err := newVerifier(a.genesis)
	if err != nil {
		return &genesisError{err}
	}
	if err := v.load(&c.State); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	if err := v.openStore(a.dir, a.bounds(), c.Tables); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	a.run(v)
	a.bytes = c.Bytes
	if a.opt.Sound {
		a.committed = a.Height()
	}
	return nil
}

// openStore opens the tables as they were, and lists the ballot keys again.
func (v *verifier) openStore(dir string, b bounds, marks map[string]table.Mark) (err error) {
	s := new(store)
	v.store = s
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.listed, err = table.NewSorter(dir, listedName, listedBytes, b.run); err != nil {
		return err
	}
	for _, t := range s.tables() {
		var visit func(key [32]byte, value []byte) error
		if t.name == spentName {
			visit = v.listAgain
		}
		if *t.at, err = table.Open(dir, t.name, b.pages, marks[t.name], visit); err != nil {
			return err
		}
	}
	return s.err
}

// listAgain lists the key of a first ballot.
func (v *verifier) listAgain(key [32]byte, value []byte) error {
	if s := v.decodeSpent(value); s.sequence == 1 {
		v.store.list(s.election.zoneOf(s.style), key)
	}
	return nil
}
