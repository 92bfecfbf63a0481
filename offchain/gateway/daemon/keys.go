package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/keyrecord"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/terminal"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// Ceremony is what a record says besides what is made or destroyed.
type Ceremony struct {
	// Present are the people who watch, such as "A. Ivanova, secretary".
	Present []string
	// Sudo is the account that called sudo, if one did.
	Sudo string
	Now  time.Time
}

// Made is what a ceremony left.
type Made struct {
	// Place of the keys and path of the record.
	Place  keyring.Place
	Keys   int
	Record string
}

// MakeKeys draws the token keys of an election where the settings keep them and
// records it. Progress goes to out.
func MakeKeys(ctx context.Context, cfg config.Config, election [32]byte, c Ceremony, out io.Writer) (made Made, err error) {
	if path, there, err := keyrecord.Exists(cfg.TokenKeys, election, keyrecord.Destroyed); err != nil {
		return made, err
	} else if there {
		return made, fmt.Errorf("%s: %w", path, ErrDestroyed)
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return made, err
	}
	defer k.close()
	// A file is whole if it is there; a module may have some of the keys.
	if place, err := k.keeper.Place(election); err == nil && place.Kind == "file" {
		return made, fmt.Errorf("%s: %w", place.Where, keyring.ErrExists)
	}
	if err := k.unmade(election); err != nil {
		return made, err
	}
	def, issuer, err := k.definition(ctx, election)
	if err != nil {
		return made, err
	}
	slots := slotsOf(def, election, issuer)
	if len(slots) == 0 {
		return made, fmt.Errorf("issuer %q sits in no panel of this election", def.Issuers[issuer].Name)
	}
	progress := terminal.NewProgress(out, "token keys made", int64(len(slots)))
	ring, err := k.keeper.Make(ctx, election, slots, int(def.TokenBits), func(int) { progress.Add(1) })
	progress.Done()
	if err != nil {
		return made, err
	}
	made.Keys = len(slots)
	made.Place, made.Record, err = k.recordMaking(election, ring, c)
	return made, err
}

var (
	// ErrDestroyed: an election's keys are made once.
	ErrDestroyed = errors.New("the token keys of this election were destroyed and are not made again; for a trial take another election")
	// ErrLost: others than the recorded keys would be of no use.
	ErrLost = errors.New("the token keys of this election were made and are not here: put back your copy of them; without one tell the commission, which opens the other panel")
)

// unmade refuses where a record says that keys were made: all were there then.
func (k *keysDesk) unmade(election [32]byte) error {
	path, there, err := keyrecord.Exists(k.cfg.TokenKeys, election, keyrecord.Made)
	if err != nil || !there {
		return err
	}
	_, err = k.keeper.Load(election)
	switch {
	case err == nil:
		err = keyring.ErrExists
	case errors.Is(err, keyring.ErrNone):
		err = ErrLost
	}
	return fmt.Errorf("%s: %w", path, err)
}

// publishers is how many registrations wait for their block at once.
const publishers = 16

// PublishKeys registers the token keys of an election on the ledger, those that
// are not there yet. It may be repeated.
func PublishKeys(ctx context.Context, cfg config.Config, election [32]byte, out io.Writer) (published, already int, err error) {
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return 0, 0, err
	}
	defer k.close()
	ring, err := k.keeper.Load(election)
	if err != nil {
		return 0, 0, err
	}
	_, issuer, err := k.definition(ctx, election)
	if err != nil {
		return 0, 0, err
	}
	nodes, operator := k.nodes, k.operator
	slots := ring.Slots()
	progress := terminal.NewProgress(out, "token keys on the ledger", int64(len(slots)))
	defer progress.Done()
	registered := &registeredKeys{nodes: nodes, election: election, classes: map[uint32]*issuancev1.ClassKeys{}}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(publishers)
	for _, slot := range slots {
		group.Go(func() error {
			key, _ := ring.Key(slot)
			there, err := registered.has(ctx, slot, key.Public().Encode())
			if err != nil {
				return err
			}
			if !there {
				raw, err := ring.Registration(k.trust.ChainID(), slot, issuer, operator)
				if err != nil {
					return err
				}
				if _, err := nodes.SubmitAndWait(ctx, raw); err != nil {
					return fmt.Errorf("publish key of class %d, panel %d: %w", slot.Class, slot.Panel, err)
				}
			}
			progress.Add(1)
			mu.Lock()
			defer mu.Unlock()
			if there {
				already++
			} else {
				published++
			}
			return nil
		})
	}
	err = group.Wait()
	return published, already, err
}

// registeredKeys asks once for each class what is on the ledger.
type registeredKeys struct {
	nodes    *client.Client
	election [32]byte
	mu       sync.Mutex
	classes  map[uint32]*issuancev1.ClassKeys
}

func (r *registeredKeys) has(ctx context.Context, slot keyring.Slot, modulus []byte) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, ok := r.classes[slot.Class]
	if !ok {
		name := fmt.Sprintf("issuers/%d", slot.Class)
		objects, err := r.nodes.Proven(ctx, r.election, name)
		if err != nil {
			return false, fmt.Errorf("look for registered keys: %w", err)
		}
		b, _ := objects.Object(name)
		if keys, err = ledger.DecodeStrict[issuancev1.ClassKeys](b, 64<<20); err != nil {
			return false, fmt.Errorf("look for registered keys: %w", err)
		}
		r.classes[slot.Class] = keys
	}
	if uint64(slot.Panel) >= uint64(len(keys.Panels)) {
		return false, nil
	}
	for _, m := range keys.Panels[slot.Panel].Moduli {
		if bytes.Equal(m, modulus) {
			return true, nil
		}
	}
	return false, nil
}
