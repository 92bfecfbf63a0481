package esia

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

// natural is rs/prns/<oid>.
type natural struct {
	FirstName   string `json:"firstName"`
	LastName    string `json:"lastName"`
	MiddleName  string `json:"middleName"`
	BirthDate   string `json:"birthDate"` // dd.MM.yyyy
	Citizenship string `json:"citizenship"`
}

// list is a collection whose elements are embedded.
type list[T any] struct {
	Elements []T `json:"elements"`
}

type contact struct {
	Type   string `json:"type"` // MBT mobile phone, EML mail
	Status string `json:"vrfStu"`
	Value  string `json:"value"`
}

type document struct {
	Type   string `json:"type"` // RF_PASSPORT
	Status string `json:"vrfStu"`
	Series string `json:"series"`
	Number string `json:"number"`
}

type address struct {
	Type     string `json:"type"` // PRG registered, PLV lives
	Text     string `json:"addressStr"`
	House    string `json:"house"`
	Frame    string `json:"frame"`
	Building string `json:"building"`
	Flat     string `json:"flat"`
}

const verified = "VERIFIED"

// person asks for everything an application holds. What the portal did not verify
// where it verifies is left out.
func (p *Provider) person(ctx context.Context, oid, access string) (*login.Person, error) {
	base := p.config.Base + "/rs/prns/" + oid
	var who natural
	var contacts list[contact]
	var documents list[document]
	var addresses list[address]
	for _, part := range []struct {
		address string
		into    any
	}{
		{base, &who},
		{base + "/ctts?embed=(elements)", &contacts},
		{base + "/docs?embed=(elements)", &documents},
		{base + "/addrs?embed=(elements)", &addresses},
	} {
		if err := p.fetch(ctx, part.address, access, part.into); err != nil {
			return nil, err
		}
	}
	person := &login.Person{
		Surname: who.LastName, Name: who.FirstName, Patronymic: who.MiddleName, Citizenship: who.Citizenship,
		Address: residence(addresses.Elements),
	}
	if who.BirthDate != "" {
		born, err := time.Parse("02.01.2006", who.BirthDate)
		if err != nil {
			return nil, fmt.Errorf("ask for person: birth date is not dd.mm.yyyy: %w", login.ErrUnavailable)
		}
		person.BirthDate = born.Format(time.DateOnly)
	}
	for _, c := range contacts.Elements {
		switch {
		case c.Status != verified:
		case c.Type == "MBT" && person.Phone == "":
			person.Phone = login.PlainPhone(c.Value)
		case c.Type == "EML" && person.Mail == "":
			person.Mail = c.Value
		}
	}
	for _, d := range documents.Elements {
		if d.Type == "RF_PASSPORT" && d.Status == verified {
			person.Document = d.Series + d.Number
			break
		}
	}
	return person, nil
}

func (p *Provider) fetch(ctx context.Context, address, access string, into any) error {
	status, body, err := p.send(ctx, http.MethodGet, address, access, nil)
	if err != nil {
		return fmt.Errorf("ask for person: %w", err)
	}
	if status == http.StatusForbidden {
		return fmt.Errorf("ask for person: the portal does not let this system have them, check its scope: %w", login.ErrUnavailable)
	}
	if status != http.StatusOK {
		return fmt.Errorf("ask for person: %w", login.ErrUnavailable)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("ask for person: the answer cannot be read: %w", login.ErrUnavailable)
	}
	return nil
}

// residence is the registered address in one line, or where the person lives.
func residence(list []address) string {
	var best *address
	for i, a := range list {
		if a.Type == "PRG" || (a.Type == "PLV" && best == nil) {
			best = &list[i]
		}
		if a.Type == "PRG" {
			break
		}
	}
	if best == nil {
		return ""
	}
	parts := []string{strings.Join(strings.Fields(best.Text), " ")}
	for _, more := range []struct{ word, value string }{
		{"д.", best.House}, {"корп.", best.Building}, {"стр.", best.Frame}, {"кв.", best.Flat},
	} {
		if more.value != "" {
			parts = append(parts, more.word+" "+more.value)
		}
	}
	return strings.Join(parts, ", ")
}
