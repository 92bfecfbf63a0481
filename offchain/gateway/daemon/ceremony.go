package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/keyrecord"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// keysDesk is what acts with token keys need.
type keysDesk struct {
	cfg      config.Config
	operator sign.PrivateKey
	keeper   keyring.Keeper
	nodes    *client.Client
	trust    *chain.Trust
	// db has the journal.
	db *database.DB
}

func openKeys(ctx context.Context, cfg config.Config) (k *keysDesk, err error) {
	k = &keysDesk{cfg: cfg}
	if k.operator, err = Operator(cfg); err != nil {
		return nil, err
	}
	if k.nodes, k.trust, err = Connect(cfg); err != nil {
		return nil, err
	}
	if k.keeper, err = Keeper(cfg); err != nil {
		k.nodes.Close()
		return nil, err
	}
	// Before anything is done: what cannot be recorded is not done.
	if k.db, err = database.Open(ctx, cfg.Database); err != nil {
		k.nodes.Close()
		return nil, errors.Join(err, k.keeper.Close())
	}
	return k, nil
}

// close ends the use; nothing depends on how.
func (k *keysDesk) close() {
	k.nodes.Close()
	_ = k.keeper.Close()
	_ = k.db.Close()
}

// definition of an election, proven, and this issuer's index in it.
func (k *keysDesk) definition(ctx context.Context, id [32]byte) (*electionv1.Definition, uint32, error) {
	def, err := chainview.New(k.nodes, k.trust.ChainID(), time.Now).Definition(ctx, id)
	if err != nil {
		return nil, 0, fmt.Errorf("fetch election: %w", err)
	}
	issuer, err := issuerIndex(def, k.operator.Public())
	return def, issuer, err
}

// recordMaking writes the record of keys that are there.
func (k *keysDesk) recordMaking(id [32]byte, ring *keyring.Ring, c Ceremony) (place keyring.Place, path string, err error) {
	if place, err = k.keeper.Place(id); err != nil {
		return place, "", err
	}
	r := k.record(keyrecord.Made, id, place, c)
	for _, slot := range ring.Slots() {
		key, _ := ring.Key(slot)
		r.Keys = append(r.Keys, keyrecord.Key{Class: slot.Class, Panel: slot.Panel, Modulus: key.Public().Encode()})
	}
	path, err = k.write(r, c)
	return place, path, err
}

func (k *keysDesk) record(act string, id [32]byte, place keyring.Place, c Ceremony) *keyrecord.Record {
	return &keyrecord.Record{
		Act: act, ChainID: k.trust.ChainID(), Election: id[:], Issuer: k.cfg.Name,
		Time: c.Now.UTC().Format(time.RFC3339), Account: journal.By(c.Now, c.Sudo, act, "").Actor, Present: c.Present,
		Kept: place.Kind, Where: place.Where, FileSHA256: place.SHA256,
	}
}

// write signs a record, puts it beside the keys and enters it in the journal.
func (k *keysDesk) write(r *keyrecord.Record, c Ceremony) (path string, err error) {
	if err := r.Sign(k.operator); err != nil {
		return "", err
	}
	if path, err = keyrecord.Write(k.cfg.TokenKeys, r); err != nil {
		return path, err
	}
	sum, err := r.SHA256()
	if err != nil {
		return path, err
	}
	object := fmt.Sprintf("election %s, %d keys, record %x", r.Election, len(r.Keys), sum)
	return path, journal.Note(k.db, journal.By(c.Now, c.Sudo, "token keys "+r.Act, object))
}

// KeyRecord gives the record of the making of an election's keys, and makes it
// where it is missing: after a crash, or for keys of an earlier version.
func KeyRecord(ctx context.Context, cfg config.Config, id [32]byte, c Ceremony) (*keyrecord.Record, error) {
	r, err := keyrecord.Read(cfg.TokenKeys, id, keyrecord.Made)
	if err == nil {
		return r, keyrecord.WriteText(keyrecord.Path(cfg.TokenKeys, id, keyrecord.Made), r)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer k.close()
	ring, err := k.keeper.Load(id)
	if err != nil {
		return nil, err
	}
	if _, _, err := k.recordMaking(id, ring, c); err != nil {
		return nil, err
	}
	return keyrecord.Read(cfg.TokenKeys, id, keyrecord.Made)
}

// ErrNotOver: the election still needs its token keys.
var ErrNotOver = errors.New("token keys are destroyed when every zone of the election is final or cancelled")

// DestroyKeys makes the token keys of an election that is over unusable for ever
// and records it. Given again after a crash it ends what was begun.
func DestroyKeys(ctx context.Context, cfg config.Config, id [32]byte, c Ceremony) (made Made, err error) {
	if ended, err := keyrecord.Read(cfg.TokenKeys, id, keyrecord.Destroyed); err == nil {
		return destroyAgain(ctx, cfg, id, ended, c)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return made, err
	}
	// The record of making says which keys there are, also when they are gone.
	before, err := KeyRecord(ctx, cfg, id, c)
	if err != nil {
		return made, err
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return made, err
	}
	defer k.close()
	def, _, err := k.definition(ctx, id)
	if err != nil {
		return made, err
	}
	phases, err := k.over(ctx, id, len(def.Zones))
	if err != nil {
		return made, err
	}
	made.Place = keyring.Place{Kind: before.Kept, Where: before.Where, SHA256: before.FileSHA256}
	if place, err := k.keeper.Place(id); err == nil {
		made.Place = place
	} else if !errors.Is(err, keyring.ErrNone) {
		return made, err
	}
	if err := k.same(id, before); err != nil {
		return made, err
	}
	if err := journal.Note(k.db, journal.By(c.Now, c.Sudo, "token keys to be destroyed", fmt.Sprintf("election %x", id))); err != nil {
		return made, err
	}
	if err := k.keeper.Destroy(id); err != nil && !errors.Is(err, keyring.ErrNone) {
		return made, err
	}
	sum, err := before.SHA256()
	if err != nil {
		return made, err
	}
	r := k.record(keyrecord.Destroyed, id, made.Place, c)
	r.Keys, r.Before, r.Phases = before.Keys, sum[:], phases
	made.Keys = len(r.Keys)
	made.Record, err = k.write(r, c)
	return made, err
}

// destroyAgain destroys what came back after a destruction that is recorded, such
// as a copy. The record stays as it is; the journal tells.
func destroyAgain(ctx context.Context, cfg config.Config, id [32]byte, ended *keyrecord.Record, c Ceremony) (made Made, err error) {
	path := keyrecord.Path(cfg.TokenKeys, id, keyrecord.Destroyed)
	if err := keyrecord.WriteText(path, ended); err != nil {
		return made, err
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return made, err
	}
	defer k.close()
	ring, err := k.keeper.Load(id)
	if errors.Is(err, keyring.ErrNone) {
		return made, fmt.Errorf("destroyed already, %s: %w", path, err)
	}
	if err != nil {
		return made, fmt.Errorf("%s records the destruction of token keys, but some are here: %w", path, err)
	}
	if err := k.same(id, ended); err != nil {
		return made, fmt.Errorf("%s records the destruction of token keys, but others are here; destroy by hand what no election uses: %w", path, err)
	}
	def, _, err := k.definition(ctx, id)
	if err != nil {
		return made, err
	}
	if _, err := k.over(ctx, id, len(def.Zones)); err != nil {
		return made, err
	}
	made.Keys, made.Record = len(ring.Slots()), path
	if made.Place, err = k.keeper.Place(id); err != nil {
		return made, err
	}
	object := fmt.Sprintf("election %x, %d keys that came back", id, made.Keys)
	if err := journal.Note(k.db, journal.By(c.Now, c.Sudo, "token keys to be destroyed", object)); err != nil {
		return made, err
	}
	if err := k.keeper.Destroy(id); err != nil {
		return made, err
	}
	return made, journal.Note(k.db, journal.By(c.Now, c.Sudo, "token keys destroyed", object))
}

// same refuses keys that the record of making does not name: nobody would know
// of their destruction.
func (k *keysDesk) same(id [32]byte, before *keyrecord.Record) error {
	ring, err := k.keeper.Load(id)
	if errors.Is(err, keyring.ErrNone) {
		return nil // a crash came after their destruction
	}
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, key := range before.Keys {
		named[string(key.Modulus)] = true
	}
	for _, slot := range ring.Slots() {
		if key, _ := ring.Key(slot); !named[string(key.Public().Encode())] {
			return fmt.Errorf("key of class %d, panel %d is not in the record of making: is this the directory of another gateway?", slot.Class, slot.Panel)
		}
	}
	return nil
}

// over says in which phases the zones are, or that one still needs tokens.
func (k *keysDesk) over(ctx context.Context, id [32]byte, zones int) (phases []string, err error) {
	for zone := range zones {
		name := fmt.Sprintf("zone/%d", zone)
		objects, err := k.nodes.Proven(ctx, id, name)
		if err != nil {
			return nil, fmt.Errorf("prove that the election is over: %w", err)
		}
		b, _ := objects.Object(name)
		state, err := ledger.DecodeStrict[electionv1.ZoneState](b, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("prove that the election is over: %w", err)
		}
		if state.Phase != electionv1.Phase_PHASE_FINAL && state.Phase != electionv1.Phase_PHASE_CANCELLED {
			return nil, fmt.Errorf("zone %d is in phase %s: %w", zone, election.PhaseName(state.Phase), ErrNotOver)
		}
		phases = append(phases, fmt.Sprintf("%d %s", zone, election.PhaseName(state.Phase)))
	}
	return phases, nil
}
