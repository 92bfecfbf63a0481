package config

import "slices"

// Ways for a voter to show who asks.
const (
	// LoginCodes is slip and access code, for small elections.
	LoginCodes = "codes"
	// LoginOIDC is a portal that speaks OpenID Connect, and a one-time code.
	LoginOIDC = "oidc"
	// LoginESIA is the state portal by its own exchange, and a one-time code.
	LoginESIA = "esia"
)

// Login section.
type Login struct {
	Kind             string `koanf:"kind" doc:"codes (slip and access code), oidc or esia (log-in at a portal and one-time code)."`
	Issuer           string `koanf:"issuer" doc:"The portal's address, as its tokens name it, and this organisation's client id there."`
	ClientID         string `koanf:"client_id"`
	ClientSecretFile string `koanf:"client_secret_file" path:"file" doc:"oidc: file with the client's secret."`
	CertificateFile  string `koanf:"certificate_file" path:"file" doc:"esia: certificate and key (PEM) of the organisation's information system."`
	KeyFile          string `koanf:"key_file" path:"file"`
	// PortalCertificateFile holds the certificates with which the portal signs.
	PortalCertificateFile string `koanf:"portal_certificate_file" path:"file" doc:"esia: the portal's own certificates (PEM), one or several."`
	Digits                int    `koanf:"digits" doc:"Digits of a one-time code, 5 to 10."`
}

func defaultLogin() Login { return Login{Kind: LoginCodes, Digits: 6} }

// Portal reports whether voters log in at a portal.
func (l *Login) Portal() bool { return l.Kind != LoginCodes }

func (l *Login) validate(c *Config, wrong func(key, reason string)) {
	if !slices.Contains([]string{LoginCodes, LoginOIDC, LoginESIA}, l.Kind) {
		wrong("kind", "codes, oidc or esia")
	}
	if l.Digits < 5 || l.Digits > 10 {
		wrong("digits", "5 to 10")
	}
	if !l.Portal() {
		return
	}
	if c.Public == "" {
		wrong("kind", "the portal sends browsers back to \"public\": set it")
	}
	if c.SMS.Address == "" && c.Mail.Address == "" {
		wrong("kind", "one-time codes need [sms] or [mail]")
	}
	if !isAddress(l.Issuer) {
		wrong("issuer", "address of the portal such as https://portal.example.org")
	}
	if l.ClientID == "" {
		wrong("client_id", "must name this organisation at the portal")
	}
	if l.Kind == LoginOIDC && l.ClientSecretFile == "" {
		wrong("client_secret_file", "must name a file")
	}
	if l.Kind == LoginESIA && (l.CertificateFile == "" || l.KeyFile == "" || l.PortalCertificateFile == "") {
		wrong("certificate_file, key_file, portal_certificate_file", "all must name files")
	}
}
