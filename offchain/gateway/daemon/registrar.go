package daemon

import (
	"crypto/rand"
	"fmt"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// CampaignOf is for what the gateway of these settings takes applications.
func CampaignOf(a config.Applications) (applications.Campaign, error) {
	c := applications.Campaign{
		Name: a.Campaign, Title: texts.Both{RU: a.Title, EN: a.TitleEN}, Organisation: texts.Both{RU: a.Organisation, EN: a.OrganisationEN},
		VotingDay: a.VotingDay, Citizenship: a.Citizenship,
	}
	var err error
	if c.Opens, c.Closes, err = a.Times(); err != nil {
		return c, fmt.Errorf("applications: %w", err)
	}
	if c.Erase, err = time.Parse(time.RFC3339, a.Erase); err != nil {
		return c, fmt.Errorf("applications.erase: %w", err)
	}
	if c.Zone, err = time.LoadLocation(a.TimeZone); err != nil {
		return c, fmt.Errorf("applications.time_zone: %w", err)
	}
	return c, nil
}

// ApplicationsOf opens the register of applications of these settings.
func ApplicationsOf(a config.Applications, db *database.DB, key vault.Key) (*applications.Register, error) {
	campaign, err := CampaignOf(a)
	if err != nil {
		return nil, err
	}
	return applications.New(db, key, campaign, time.Now, rand.Reader)
}

// registrar is the part of a gateway that takes applications.
func (a *assembly) registrar(p *portal) (gatewayapi.Part, error) {
	list, err := ApplicationsOf(a.cfg.Applications, a.db, p.vault)
	if err != nil {
		return nil, err
	}
	return gatewayapi.Applications{List: list, Sessions: p.sessions, Codes: p.codes, Database: a.db}, nil
}
