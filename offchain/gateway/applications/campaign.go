package applications

import (
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/texts"
)

// AdultAge in years.
const AdultAge = 18

// Campaign is for what applications are taken, and when.
type Campaign struct {
	Name string
	// Title of what is voted on, and the organisation that takes applications.
	Title, Organisation texts.Both
	Opens, Closes       time.Time
	// Erase is the end of the term for which data are kept.
	Erase time.Time
	// VotingDay is the last day of voting, YYYY-MM-DD.
	VotingDay string
	// Citizenship that may vote; empty asks for none.
	Citizenship string
	// Zone of the times shown to people.
	Zone *time.Location
}

// Check names what is missing.
func (c Campaign) Check() error {
	var errs []error
	for _, f := range []struct {
		name string
		bad  bool
	}{
		{"name", c.Name == ""}, {"title", c.Title.RU == "" || c.Title.EN == ""}, {"organisation", c.Organisation.RU == "" || c.Organisation.EN == ""},
		{"closes, must be after opens", !c.Opens.Before(c.Closes)}, {"erase, must be after closes", !c.Closes.Before(c.Erase)}, {"zone", c.Zone == nil},
	} {
		if f.bad {
			errs = append(errs, errors.New(f.name))
		}
	}
	if _, err := time.Parse(time.DateOnly, c.VotingDay); err != nil {
		errs = append(errs, errors.New("voting day"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("campaign: %w", err)
	}
	return nil
}

// adult says whether who was born on a day is of age on the voting day. Who was
// born on 29 February is of age on 1 March.
func (c Campaign) adult(birthDate string) bool {
	born, err := time.Parse(time.DateOnly, birthDate)
	if err != nil {
		return false
	}
	day, err := time.Parse(time.DateOnly, c.VotingDay)
	if err != nil {
		return false
	}
	return !born.AddDate(AdultAge, 0, 0).After(day)
}
