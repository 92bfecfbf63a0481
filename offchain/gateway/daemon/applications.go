package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// newApplications opens the register of applications that the settings name.
func newApplications(cfg config.Config, db *database.DB, key vault.Key) (*applications.Register, error) {
	a := &cfg.Applications
	if !a.Enabled {
		return nil, errors.New("applications: this gateway is not a registrar; set applications.enabled")
	}
	opens, closes, err := a.Times()
	if err != nil {
		return nil, fmt.Errorf("applications: %w", err)
	}
	erase, err := time.Parse(time.RFC3339, a.Erase)
	if err != nil {
		return nil, fmt.Errorf("applications.erase: %w", err)
	}
	zone, err := time.LoadLocation(a.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("applications.time_zone: %w", err)
	}
	return applications.New(db, key, applications.Campaign{
		Name: a.Campaign, Title: texts.Both{RU: a.Title, EN: a.TitleEN}, Organisation: texts.Both{RU: a.Organisation, EN: a.OrganisationEN},
		Opens: opens, Closes: closes, Erase: erase, VotingDay: a.VotingDay, Citizenship: a.Citizenship, Zone: zone,
	}, time.Now, rand.Reader)
}

// WithApplications opens the registrar's database and the register in it. Actor
// is who acts, for the journal.
func WithApplications(ctx context.Context, cfg config.Config, run func(r *applications.Register, actor string) error) error {
	key, err := vault.LoadKey(cfg.VaultKey)
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := newApplications(cfg, db, key)
	if err != nil {
		return err
	}
	return run(r, journal.By(time.Now(), os.Getenv("SUDO_USER"), "", "").Actor)
}

// ElectorFiles are what ImportElectors reads.
type ElectorFiles struct {
	Register, Territories string
	Encoding              electors.Encoding
}

// ImportElectors takes over a whole voter register.
func ImportElectors(ctx context.Context, cfg config.Config, files ElectorFiles) (count int, err error) {
	table, err := os.Open(files.Territories)
	if err != nil {
		return 0, fmt.Errorf("read territories: %w", err)
	}
	defer table.Close()
	territories, err := electors.ReadTerritories(table)
	if err != nil {
		return 0, err
	}
	register, err := os.Open(files.Register)
	if err != nil {
		return 0, fmt.Errorf("read voter register: %w", err)
	}
	defer register.Close()
	err = WithApplications(ctx, cfg, func(r *applications.Register, _ string) error {
		source := electors.Source{File: register, Encoding: files.Encoding, Territories: territories}
		count, err = r.ImportElectors(ctx, source, func(tx *database.Tx, electors int) error {
			object := fmt.Sprintf("%s: %d electors, %d territories", r.Campaign().Name, electors, len(territories))
			return journal.Append(tx, journal.By(time.Now(), os.Getenv("SUDO_USER"), "electors import", object))
		})
		return err
	})
	return count, err
}

// ListOptions say for whom the list is formed.
type ListOptions struct {
	Election [32]byte
	Dir      string
	// Recipients of the lists of persons, by issuer: "age1…".
	Recipients map[string]string
}

// FormList closes the list of an election and writes what each party needs.
func FormList(ctx context.Context, cfg config.Config, o ListOptions) (formed *applications.Formed, err error) {
	nodes, trust, err := Connect(cfg)
	if err != nil {
		return nil, err
	}
	defer nodes.Close()
	def, err := definition(ctx, chainview.New(nodes, trust.ChainID(), time.Now), o.Election)
	if err != nil {
		return nil, err
	}
	issuers := map[string]bool{}
	for _, issuer := range def.Issuers {
		issuers[issuer.Name] = true
	}
	recipients := map[string]age.Recipient{}
	for name, text := range o.Recipients {
		if !issuers[name] {
			return nil, fmt.Errorf("issuer %q is not in the election's definition", name)
		}
		parsed, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil || len(parsed) != 1 {
			return nil, fmt.Errorf("issuer %q: not one age recipient; the issuer prints it with urna-gateway people recipient", name)
		}
		recipients[name] = parsed[0]
	}
	for name := range issuers {
		if recipients[name] == nil {
			return nil, fmt.Errorf("issuer %q of the election has no recipient: it could not authenticate anybody", name)
		}
	}
	if err := applications.MakeDirs(o.Dir, slices.Sorted(maps.Keys(recipients))); err != nil {
		return nil, err
	}
	err = WithApplications(ctx, cfg, func(r *applications.Register, actor string) error {
		list, err := r.Form(ctx, actor, applications.Election{ChainID: trust.ChainID(), ID: o.Election, Definition: def})
		if err != nil {
			return err
		}
		formed, err = list.WriteFiles(o.Dir, recipients)
		return err
	})
	return formed, err
}
