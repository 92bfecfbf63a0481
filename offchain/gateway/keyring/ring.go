package keyring

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

// Slot is what a token key is for.
type Slot struct {
	Election [32]byte
	Class    uint32
	Panel    uint32
}

func compareSlots(a, b Slot) int {
	if c := bytes.Compare(a.Election[:], b.Election[:]); c != 0 {
		return c
	}
	if a.Class != b.Class {
		return int(int64(a.Class) - int64(b.Class))
	}
	return int(int64(a.Panel) - int64(b.Panel))
}

// Ring holds an issuer's private token keys, or the way to keys in a hardware
// module. It is immutable once made and prints as a redaction.
type Ring struct {
	keys map[Slot]blindtoken.Signer
	// moduli are the slots by the moduli's names.
	moduli map[[32]byte]Slot
}

// Make draws a key for each slot, several at a time. Progress, which may be
// nil, is told how many are done, from several goroutines.
func Make(ctx context.Context, slots []Slot, bits, workers int, progress func(done int)) (*Ring, error) {
	keys := make([]*blindtoken.PrivateKey, len(slots))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(workers, 1))
	var done atomic.Int64
	for i := range slots {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			key, err := blindtoken.GenerateKey(bits)
			if err != nil {
				return err
			}
			keys[i] = key
			if n := done.Add(1); progress != nil {
				progress(int(n))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("make token keys: %w", err)
	}
	r := newRing(len(slots))
	for i, slot := range slots {
		if err := r.Add(slot, keys[i]); err != nil {
			return nil, fmt.Errorf("make token keys: %w", err)
		}
	}
	return r, nil
}

func newRing(size int) *Ring {
	return &Ring{keys: make(map[Slot]blindtoken.Signer, size), moduli: make(map[[32]byte]Slot, size)}
}

// Add puts a key into a ring that nobody uses yet. It refuses a slot that has a
// key and a modulus that has a slot: a modulus signs for one class and panel and
// nothing else.
func (r *Ring) Add(slot Slot, key blindtoken.Signer) error {
	if _, twice := r.keys[slot]; twice {
		return fmt.Errorf("class %d, panel %d of election %x has two keys", slot.Class, slot.Panel, slot.Election[:4])
	}
	id := key.Public().ID()
	if other, twice := r.moduli[id]; twice {
		return fmt.Errorf("one key for class %d, panel %d and for class %d, panel %d", slot.Class, slot.Panel, other.Class, other.Panel)
	}
	r.keys[slot], r.moduli[id] = key, slot
	return nil
}

// Key finds the key of a slot.
func (r *Ring) Key(slot Slot) (blindtoken.Signer, bool) {
	k, ok := r.keys[slot]
	return k, ok
}

// Slots lists what there are keys for, in order.
func (r *Ring) Slots() []Slot {
	slots := make([]Slot, 0, len(r.keys))
	for s := range r.keys {
		slots = append(slots, s)
	}
	slices.SortFunc(slots, compareSlots)
	return slots
}

// Join is the ring of all keys of several files.
func Join(rings ...*Ring) (*Ring, error) {
	all := newRing(0)
	for _, r := range rings {
		for _, slot := range r.Slots() {
			if err := all.Add(slot, r.keys[slot]); err != nil {
				return nil, fmt.Errorf("join key files: %w", err)
			}
		}
	}
	return all, nil
}

// Format prints a redaction for every verb.
func (r *Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[token keys]") }
