package config

// HSM section.
type HSM struct {
	Module  string `koanf:"module" path:"file" doc:"The token's PKCS #11 library, its label, and a file with the PIN; empty for files."`
	Token   string `koanf:"token"`
	PINFile string `koanf:"pin_file" path:"file"`
}

func (h *HSM) validate(_ *Config, wrong func(key, reason string)) {
	set := 0
	for _, value := range []string{h.Module, h.Token, h.PINFile} {
		if value != "" {
			set++
		}
	}
	if set != 0 && set != 3 {
		wrong("module, token, pin_file", "all or none")
	}
}
