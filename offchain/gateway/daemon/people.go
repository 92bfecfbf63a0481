package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// identities of the gateway, to which lists of persons are encrypted.
func identities(cfg config.Config) ([]age.Identity, error) {
	if cfg.Identity == "" {
		return nil, errors.New("identity: a list of persons is encrypted to an age identity, and this gateway has none; make one with age-keygen and name its file")
	}
	content, err := readSecret(cfg.Identity)
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	list, err := age.ParseIdentities(bytes.NewReader(content))
	if err != nil {
		// The library's text may repeat a line of a secret file.
		return nil, errors.New("read identity: not a list of age identities (AGE-SECRET-KEY-…)")
	}
	return list, nil
}

// Recipient is what the registrar encrypts this issuer's list of persons to.
func Recipient(cfg config.Config) (string, error) {
	list, err := identities(cfg)
	if err != nil {
		return "", err
	}
	switch i := list[0].(type) {
	case *age.HybridIdentity:
		return i.Recipient().String(), nil
	case *age.X25519Identity:
		return i.Recipient().String(), nil
	}
	return "", errors.New("read identity: the first identity is of an unknown kind")
}

// withPeople opens the gateway's database and the list of persons in it.
func withPeople(ctx context.Context, cfg config.Config, run func(*database.DB, *people.Store) error) error {
	key, err := vault.LoadKey(cfg.VaultKey)
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	return errors.Join(run(db, people.New(db, key)), db.Close())
}

// ImportPeople imports the registrar's list. It returns the election, how many
// persons were new, and how many there are in all.
func ImportPeople(ctx context.Context, cfg config.Config, file string) (election [32]byte, added, all int, err error) {
	keys, err := identities(cfg)
	if err != nil {
		return election, 0, 0, err
	}
	f, err := os.Open(file)
	if err != nil {
		return election, 0, 0, fmt.Errorf("read list of persons: %w", err)
	}
	defer f.Close()
	election, list, err := people.ReadList(f, keys...)
	if err != nil {
		return election, 0, 0, err
	}
	err = withPeople(ctx, cfg, func(db *database.DB, s *people.Store) error {
		err := db.Update(func(tx *database.Tx) error {
			if added, err = s.Add(tx, list); err != nil {
				return err
			}
			return journal.Append(tx, staff("people import", "election %x, %d of %d persons new", election, added, len(list)))
		})
		if err != nil {
			return err
		}
		all, err = s.Size(ctx, election)
		return err
	})
	return election, added, all, err
}

// ForgetPeople erases the persons of an election, and tells how many.
func ForgetPeople(ctx context.Context, cfg config.Config, election [32]byte) (persons int64, err error) {
	err = withPeople(ctx, cfg, func(db *database.DB, s *people.Store) error {
		err := db.Update(func(tx *database.Tx) error {
			if persons, err = s.Erase(tx, election); err != nil {
				return err
			}
			return journal.Append(tx, staff("people forget", "election %x, %d persons", election, persons))
		})
		if err != nil {
			return err
		}
		return db.Compact(ctx)
	})
	return persons, err
}
