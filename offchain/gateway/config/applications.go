package config

import "time"

// Applications section.
type Applications struct {
	Enabled bool `koanf:"enabled" doc:"Whether this gateway is the registrar, and when applications are taken (RFC 3339)."`
	// Opens and Closes are times as text, so that the file shows what was meant.
	Opens  string `koanf:"opens"`
	Closes string `koanf:"closes"`
}

func defaultApplications() Applications { return Applications{} }

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
	for key, value := range map[string]string{"opens": a.Opens, "closes": a.Closes} {
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			wrong(key, "a time such as 2026-07-01T00:00:00+03:00")
		}
	}
	if opens, closes, err := a.Times(); err == nil && !opens.Before(closes) {
		wrong("closes", "must be after opens")
	}
}
