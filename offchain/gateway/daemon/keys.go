package daemon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/terminal"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// MakeKeys draws the token keys of an election and writes their file. Progress
// goes to out. It returns the path and how many keys there are.
func MakeKeys(ctx context.Context, cfg config.Config, election [32]byte, out io.Writer) (path string, made int, err error) {
	path = KeyFile(cfg, election)
	if _, err := os.Stat(path); err == nil {
		return path, 0, fmt.Errorf("%s: %w", path, ErrExists)
	}
	operator, err := Operator(cfg)
	if err != nil {
		return path, 0, err
	}
	lock, err := Lock(cfg)
	if err != nil {
		return path, 0, err
	}
	nodes, trust, err := Connect(cfg)
	if err != nil {
		return path, 0, err
	}
	defer nodes.Close()
	def, err := definition(ctx, chainview.New(nodes, trust.ChainID(), time.Now), election)
	if err != nil {
		return path, 0, err
	}
	issuer, err := issuerIndex(def, operator.Public())
	if err != nil {
		return path, 0, err
	}
	slots := slotsOf(def, election, issuer)
	if len(slots) == 0 {
		return path, 0, fmt.Errorf("issuer %q sits in no panel of this election", def.Issuers[issuer].Name)
	}
	progress := terminal.NewProgress(out, "token keys made", int64(len(slots)))
	bits := int(def.TokenBits)
	ring, err := keyring.Make(ctx, slots, bits, runtime.GOMAXPROCS(0), func(int) { progress.Add(1) })
	progress.Done()
	if err != nil {
		return path, 0, err
	}
	sealed, err := ring.Seal(lock)
	if err != nil {
		return path, 0, err
	}
	return path, len(slots), writeKeys(path, sealed)
}

// publishers is how many registrations wait for their block at once.
const publishers = 16

// PublishKeys registers the token keys of an election on the ledger, those that
// are not there yet. It may be repeated.
func PublishKeys(ctx context.Context, cfg config.Config, election [32]byte, out io.Writer) (published, already int, err error) {
	operator, err := Operator(cfg)
	if err != nil {
		return 0, 0, err
	}
	lock, err := Lock(cfg)
	if err != nil {
		return 0, 0, err
	}
	ring, err := loadKeyFile(KeyFile(cfg, election), lock)
	if err != nil {
		return 0, 0, err
	}
	nodes, trust, err := Connect(cfg)
	if err != nil {
		return 0, 0, err
	}
	defer nodes.Close()
	def, err := definition(ctx, chainview.New(nodes, trust.ChainID(), time.Now), election)
	if err != nil {
		return 0, 0, err
	}
	issuer, err := issuerIndex(def, operator.Public())
	if err != nil {
		return 0, 0, err
	}
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
				raw, err := ring.Registration(trust.ChainID(), slot, issuer, operator)
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
