package config

import "net"

// SMS section.
type SMS struct {
	Address      string `koanf:"address" doc:"Host and port of the provider's SMPP 3.4 centre, and the account there."`
	SystemID     string `koanf:"system_id"`
	PasswordFile string `koanf:"password_file" path:"file"`
	Sender       string `koanf:"sender" doc:"Name or number that voters see."`
	TLS          bool   `koanf:"tls"`
	Rate         int    `koanf:"rate" doc:"Parts of messages a second that the contract allows; 0 is 50. A centre that refuses\nmore slows the gateway down by itself."`
	UCS2         bool   `koanf:"ucs2" doc:"Send Latin texts as UCS-2 too, for a centre whose default alphabet is not that of GSM."`
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
	if s.Rate < 0 || s.Rate > 100_000 {
		wrong("rate", "0 to 100000")
	}
}

// Mail section.
type Mail struct {
	Address      string `koanf:"address" doc:"Host and port of the mail server."`
	Username     string `koanf:"username"`
	PasswordFile string `koanf:"password_file" path:"file"`
	From         string `koanf:"from" doc:"Address of the sender."`
	Security     string `koanf:"security" doc:"\"required\": STARTTLS or nothing; \"implicit\": TLS from the first byte (port 465);\n\"offered\": STARTTLS where the server has it. Empty is \"offered\" on this machine without an account, else \"required\"."`
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
	switch m.Security {
	case "", "required", "implicit", "offered":
	default:
		wrong("security", "required, implicit or offered")
	}
}

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && host != "" && port != ""
}
