package config

import (
	"slices"
	"time"
	_ "time/tzdata" // a gateway's machine may have no list of time zones
)

// Applications section.
type Applications struct {
	Enabled bool `koanf:"enabled" doc:"Whether this gateway is the registrar: takes applications, forms the list, hands out slips."`
	// Campaign joins all that is kept; a registrar may run several, one after the other.
	Campaign       string `koanf:"campaign" doc:"Name of the campaign, of letters, digits and dashes; one application covers all its elections."`
	Title          string `koanf:"title" doc:"What is voted on, as it stands on confirmations: in Russian and in English."`
	TitleEN        string `koanf:"title_en"`
	Organisation   string `koanf:"organisation" doc:"Who takes applications, as it stands on confirmations: in Russian and in English."`
	OrganisationEN string `koanf:"organisation_en"`
	// Opens and Closes are times as text, so that the file shows what was meant.
	Opens  string `koanf:"opens" doc:"When applications are taken (RFC 3339), and after which time their data may be erased."`
	Closes string `koanf:"closes"`
	Erase  string `koanf:"erase"`
	// VotingDay is the day on which a voter must be of age.
	VotingDay   string `koanf:"voting_day" doc:"The last day of voting: whoever is 18 by then may vote."`
	TimeZone    string `koanf:"time_zone" doc:"Time zone of times on confirmations."`
	Citizenship string `koanf:"citizenship" doc:"Citizenships that may vote (ISO 3166-1 alpha-3), as the portal writes them; empty asks for none."`
}

func defaultApplications() Applications {
	return Applications{TimeZone: "Europe/Moscow", Citizenship: "RUS"}
}

// Times of the section; Validate has checked them.
func (a *Applications) Times() (opens, closes time.Time, err error) {
	if opens, err = time.Parse(time.RFC3339, a.Opens); err != nil {
		return
	}
	closes, err = time.Parse(time.RFC3339, a.Closes)
	return
}

func (a *Applications) validate(c *Config, wrong func(key, reason string)) {
	if !a.Enabled {
		return
	}
	if !c.Login.Portal() {
		wrong("enabled", "applications need a portal: login.kind")
	}
	if a.Campaign == "" || len(a.Campaign) > 60 || !plainName(a.Campaign) {
		wrong("campaign", "letters, digits and dashes, such as 2026-09")
	}
	texts := []struct{ key, value string }{{"title", a.Title}, {"title_en", a.TitleEN}, {"organisation", a.Organisation}, {"organisation_en", a.OrganisationEN}}
	for _, t := range texts {
		if t.value == "" || len(t.value) > 500 {
			wrong(t.key, "a text of at most 500 bytes")
		}
	}
	times := []struct{ key, value string }{{"opens", a.Opens}, {"closes", a.Closes}, {"erase", a.Erase}}
	for _, t := range times {
		if _, err := time.Parse(time.RFC3339, t.value); err != nil {
			wrong(t.key, "a time such as 2026-07-01T00:00:00+03:00")
		}
	}
	if opens, closes, err := a.Times(); err == nil && !opens.Before(closes) {
		wrong("closes", "must be after opens")
	}
	if _, closes, err := a.Times(); err == nil {
		if erase, err := time.Parse(time.RFC3339, a.Erase); err == nil && !closes.Before(erase) {
			wrong("erase", "must be after closes")
		}
	}
	if _, err := time.Parse(time.DateOnly, a.VotingDay); err != nil {
		wrong("voting_day", "a day such as 2026-09-20")
	}
	if _, err := time.LoadLocation(a.TimeZone); err != nil || a.TimeZone == "" {
		wrong("time_zone", "a name such as Europe/Moscow")
	}
	if a.Citizenship != "" && (len(a.Citizenship) != 3 || !plainName(a.Citizenship)) {
		wrong("citizenship", "three letters such as RUS, or nothing")
	}
}

func plainName(text string) bool {
	return !slices.ContainsFunc([]byte(text), func(b byte) bool {
		return !(b >= 'a' && b <= 'z') && !(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9') && b != '-'
	})
}
