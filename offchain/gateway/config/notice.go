package config

import "net"

// SMS section.
type SMS struct {
	Address      string `koanf:"address" doc:"Host and port of the provider's SMPP 3.4 centre, and the account there."`
	SystemID     string `koanf:"system_id"`
	PasswordFile string `koanf:"password_file" path:"file"`
	Sender       string `koanf:"sender" doc:"Name or number that voters see."`
	TLS          bool   `koanf:"tls"`
}

func (s *SMS) validate(_ *Config, wrong func(key, reason string)) {
	if s.Address == "" {
		return
	}
	if !isHostPort(s.Address) {
		wrong("address", "host and port such as smsc.example.org:2775")
	}
	if s.SystemID == "" || len(s.SystemID) > 15 {
		wrong("system_id", "1 to 15 characters")
	}
	if s.PasswordFile == "" {
		wrong("password_file", "must name a file")
	}
	if s.Sender == "" {
		wrong("sender", "must be a name or number")
	}
}

// Mail section.
type Mail struct {
	Address      string `koanf:"address" doc:"Host and port of the mail server; STARTTLS is used where it is offered."`
	Username     string `koanf:"username"`
	PasswordFile string `koanf:"password_file" path:"file"`
	From         string `koanf:"from" doc:"Address of the sender."`
}

func (m *Mail) validate(_ *Config, wrong func(key, reason string)) {
	if m.Address == "" {
		return
	}
	if !isHostPort(m.Address) {
		wrong("address", "host and port such as mail.example.org:587")
	}
	if m.From == "" {
		wrong("from", "must be a mail address")
	}
	if (m.Username == "") != (m.PasswordFile == "") {
		wrong("username, password_file", "both or none")
	}
}

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && host != "" && port != ""
}
