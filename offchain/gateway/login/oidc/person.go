package oidc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

// personScopes are asked for with the person's data. The last two are not of
// OpenID Connect; a portal that does not know them leaves their claims out.
var personScopes = []string{"profile", "address", "phone", "email", "document", "citizenship"}

// profile is what the userinfo endpoint says (OpenID Connect Core, section 5.1;
// nationalities from OpenID Connect for Identity Assurance).
type profile struct {
	FamilyName    string   `json:"family_name"`
	GivenName     string   `json:"given_name"`
	MiddleName    string   `json:"middle_name"`
	BirthDate     string   `json:"birthdate"`
	Phone         string   `json:"phone_number"`
	PhoneVerified bool     `json:"phone_number_verified"`
	Nationalities []string `json:"nationalities"`
	Document      string   `json:"document"`
	Address       struct {
		Formatted string `json:"formatted"`
	} `json:"address"`
}

func (p *Provider) person(ctx context.Context, portal *portal, token *oauth2.Token, subject string) (*login.Person, error) {
	info, err := portal.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ask for person: %w", ctx.Err())
		}
		return nil, fmt.Errorf("ask for person: %w", login.ErrUnavailable)
	}
	// Without this a portal could be made to answer with another account's data
	// (OpenID Connect Core, section 5.3.2).
	if info.Subject != subject {
		return nil, fmt.Errorf("ask for person: subject: %w", login.ErrAnswer)
	}
	return personOf(info)
}

func personOf(info *gooidc.UserInfo) (*login.Person, error) {
	var said profile
	if err := info.Claims(&said); err != nil {
		return nil, fmt.Errorf("ask for person: %w", login.ErrUnavailable)
	}
	person := &login.Person{
		Surname: said.FamilyName, Name: said.GivenName, Patronymic: said.MiddleName,
		BirthDate: said.BirthDate, Document: said.Document,
		Address: strings.Join(strings.Fields(said.Address.Formatted), " "),
	}
	if said.PhoneVerified {
		person.Phone = login.PlainPhone(said.Phone)
	}
	if info.EmailVerified {
		person.Mail = info.Email
	}
	if slices.Contains(said.Nationalities, "RUS") {
		person.Citizenship = "RUS"
	} else if len(said.Nationalities) > 0 {
		person.Citizenship = said.Nationalities[0]
	}
	return person, nil
}
