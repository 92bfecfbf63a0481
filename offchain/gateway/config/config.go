package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// FileName of the settings in a gateway's home directory.
const FileName = "gateway.toml"

const envPrefix = "URNA_GATEWAY_"

// ErrUnknownKey: the file or the environment names what is not there.
var ErrUnknownKey = errors.New("unknown key")

// Config of a gateway. Each field is a key of the file; "doc" stands above it
// in the file that init writes, and "path" is made absolute.
type Config struct {
	Name    string   `koanf:"name" doc:"The issuer's name in the election's definition."`
	Listen  string   `koanf:"listen" doc:"Address and port; with tls_cert and tls_key (PEM) it speaks TLS itself."`
	TLSCert string   `koanf:"tls_cert" path:"file"`
	TLSKey  string   `koanf:"tls_key" path:"file"`
	Public  string   `koanf:"public" doc:"Address under which voters' browsers reach the gateway, for log-in at a portal;\nreplicas share it."`
	Origins []string `koanf:"origins" doc:"Voter pages that may call from a browser."`
	Nodes   []string `koanf:"nodes" doc:"The issuer's own node first, and the genesis by which all answers are judged."`
	Genesis string   `koanf:"genesis" path:"file"`
	// Database is a path, or a URL of PostgreSQL.
	Database string `koanf:"database" path:"file or URL" doc:"Shared by replicas: a file (SQLite) or postgres://user@host/name (the password in\nPGPASSFILE), operator's key, directory of token keys, key of the access list, and\nkey of personal data (made by init)."`
	// OperatorKey file, TokenKeys directory, AccessKey and VaultKey files.
	OperatorKey string `koanf:"operator_key" path:"file"`
	TokenKeys   string `koanf:"token_keys" path:"directory"`
	AccessKey   string `koanf:"access_key" path:"file"`
	VaultKey    string `koanf:"vault_key" path:"file"`
	// Identity (an age identity file) or PassphraseFile opens the token keys.
	Identity       string `koanf:"identity" path:"file" doc:"What opens the token keys: an age identity file, or a file with a passphrase."`
	PassphraseFile string `koanf:"passphrase_file" path:"file"`
	// LogLevel of debug tells of each 1,000 requests together how many had which
	// route and status, never when one came, who asked or what.
	LogLevel string `koanf:"log_level" doc:"debug, info, warn or error."`

	Login        Login        `koanf:"login" doc:"How a voter shows who asks."`
	SMS          SMS          `koanf:"sms" doc:"One-time codes by SMS; without an address there are none."`
	Mail         Mail         `koanf:"mail" doc:"The second channel; without an address there is none."`
	Applications Applications `koanf:"applications" doc:"The registrar's part: applications and the list of voters."`
	Limits       Limits       `koanf:"limits" doc:"What one stranger may ask for. The usual values fit."`
	Room         Room         `koanf:"room" doc:"The waiting room when more people come than the gateway can serve."`
	Metrics      Metrics      `koanf:"metrics" doc:"Figures for Prometheus, without anything of a person."`
	HSM          HSM          `koanf:"hsm" doc:"Token keys in a PKCS #11 token instead of encrypted files."`
}

// section of the settings.
type section interface {
	validate(c *Config, wrong func(key, reason string))
}

// sections by their keys.
func (c *Config) sections() map[string]section {
	return map[string]section{"login": &c.Login, "sms": &c.SMS, "mail": &c.Mail, "applications": &c.Applications,
		"limits": &c.Limits, "room": &c.Room, "metrics": &c.Metrics, "hsm": &c.HSM}
}

// Default settings; Name, Nodes and Genesis have none.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:26690", Origins: []string{}, Nodes: []string{}, Database: "gateway.db",
		OperatorKey: "operator.json", TokenKeys: "keys", AccessKey: "access.key", VaultKey: "vault.key", Identity: "identity.txt", LogLevel: "info",
		Login: defaultLogin(), Applications: defaultApplications(), Limits: defaultLimits(), Room: defaultRoom(),
	}
}

// Load reads the file, then the environment (as of os.Environ), over the
// defaults, makes paths absolute and validates the outcome.
func Load(file string, environ []string) (Config, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	parsed, err := toml.Parser().Unmarshal(raw)
	if err != nil {
		return Config{}, fmt.Errorf("read settings %s: %w", file, err)
	}
	c := Default()
	known := keysOf(&c)
	k := koanf.New(".")
	if err := k.Load(confmap.Provider(parsed, ""), nil); err != nil {
		return Config{}, fmt.Errorf("read settings %s: %w", file, err)
	}
	for _, key := range k.Keys() {
		s, ok := known[key]
		if !ok && !emptySection(known, key, k.Get(key)) {
			return Config{}, fmt.Errorf("read settings %s: %w %q", file, ErrUnknownKey, key)
		}
		if ok {
			if err := s.check(k.Get(key)); err != nil {
				return Config{}, fmt.Errorf("read settings %s: %w", file, err)
			}
		}
	}
	over, err := fromEnviron(known, environ)
	if err != nil {
		return Config{}, err
	}
	if err := k.Load(confmap.Provider(over, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("read settings %s: %w", file, err)
	}
	if c.PassphraseFile != "" && !k.Exists("identity") {
		c.Identity = ""
	}
	if err := c.resolve(filepath.Dir(file)); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("check settings %s: %w", file, err)
	}
	return c, nil
}

// emptySection: a header of a section without a key below it.
func emptySection(known map[string]setting, key string, value any) bool {
	table, ok := value.(map[string]any)
	if !ok || len(table) > 0 {
		return false
	}
	for name := range known {
		if strings.HasPrefix(name, key+".") {
			return true
		}
	}
	return false
}

// fromEnviron reads URNA_GATEWAY_<KEY>, with "_" for "." between a section and
// its key.
func fromEnviron(known map[string]setting, environ []string) (map[string]any, error) {
	byName := map[string]string{}
	for key := range known {
		byName[strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	over := map[string]any{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		upper, ours := strings.CutPrefix(name, envPrefix)
		if !ours {
			continue
		}
		key, ok := byName[upper]
		if !ok {
			return nil, fmt.Errorf("read environment: %w %q", ErrUnknownKey, name)
		}
		typed, err := known[key].parse(value)
		if err != nil {
			return nil, fmt.Errorf("read environment: %s: %w", name, err)
		}
		over[key] = typed
	}
	return over, nil
}

// resolve makes paths absolute.
func (c *Config) resolve(dir string) error {
	for key, s := range keysOf(c) {
		path := s.value.String()
		if s.path == "" || path == "" || strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://") {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("resolve %s: %w", key, err)
		}
		s.value.SetString(abs)
	}
	return nil
}

// Validate names every wrong key.
func (c Config) Validate() error {
	var errs []error
	wrong := func(key, reason string) { errs = append(errs, fmt.Errorf("%s: %s", key, reason)) }
	if c.Name == "" || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }) {
		wrong("name", "the issuer's name in the election's definition")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		wrong("listen", "address and port such as 127.0.0.1:26690")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong("tls_cert, tls_key", "both or none")
	}
	if c.Public != "" && !isOrigin(c.Public) {
		wrong("public", "scheme and host such as https://gateway.example.org")
	}
	if len(c.Nodes) == 0 {
		wrong("nodes", "at least one node such as http://127.0.0.1:26680")
	}
	for i, node := range c.Nodes {
		if u, err := url.Parse(node); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			wrong(fmt.Sprintf("nodes[%d]", i), "address of a node such as http://127.0.0.1:26680")
		}
	}
	for _, must := range []struct{ key, value string }{{"genesis", c.Genesis}, {"database", c.Database}, {"operator_key", c.OperatorKey}, {"token_keys", c.TokenKeys}, {"access_key", c.AccessKey}, {"vault_key", c.VaultKey}} {
		if must.value == "" {
			wrong(must.key, "must name a path")
		}
	}
	if (c.Identity == "") == (c.PassphraseFile == "") {
		wrong("identity, passphrase_file", "exactly one of them opens the token keys")
	}
	for i, o := range c.Origins {
		if !isOrigin(o) {
			wrong(fmt.Sprintf("origins[%d]", i), "scheme and host such as https://vote.example.org")
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong("log_level", "debug, info, warn or error")
	}
	for name, s := range c.sections() {
		s.validate(&c, func(key, reason string) { wrong(name+"."+key, reason) })
	}
	slices.SortStableFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// isOrigin reports whether it is scheme and host and nothing else.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
