package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
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

// Config of a gateway.
type Config struct {
	// Name of the issuer, as the election's definition writes it.
	Name string `koanf:"name"`
	// Listen is address and port of the HTTP interface.
	Listen string `koanf:"listen"`
	// TLSCert and TLSKey are PEM files; without them a proxy must speak TLS.
	TLSCert string `koanf:"tls_cert"`
	TLSKey  string `koanf:"tls_key"`
	// Origins of the voter pages that may call from a browser.
	Origins []string `koanf:"origins"`
	// Nodes are public addresses of the issuer's own node and others to fall back on.
	Nodes []string `koanf:"nodes"`
	// Genesis file of the chain: all that the nodes' answers are judged by.
	Genesis string `koanf:"genesis"`
	// Database file, shared by replicas.
	Database string `koanf:"database"`
	// OperatorKey file, TokenKeys directory and AccessKey file, shared by replicas.
	OperatorKey string `koanf:"operator_key"`
	TokenKeys   string `koanf:"token_keys"`
	AccessKey   string `koanf:"access_key"`
	// Identity (an age identity file) or PassphraseFile opens the token keys.
	Identity       string `koanf:"identity"`
	PassphraseFile string `koanf:"passphrase_file"`
	// LogLevel is debug, info, warn or error. Debug tells route, status and time
	// of each request, never who or what.
	LogLevel string `koanf:"log_level"`
}

// Default settings; Name, Nodes and Genesis have none.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:26690", Origins: []string{}, Nodes: []string{}, Database: "gateway.db",
		OperatorKey: "operator.json", TokenKeys: "keys", AccessKey: "access.key", Identity: "identity.txt", LogLevel: "info",
	}
}

var keys = []string{"name", "listen", "tls_cert", "tls_key", "origins", "nodes", "genesis", "database",
	"operator_key", "token_keys", "access_key", "identity", "passphrase_file", "log_level"}

var lists = []string{"origins", "nodes"}

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
	for key := range parsed {
		if !slices.Contains(keys, key) {
			return Config{}, fmt.Errorf("read settings %s: %w %q", file, ErrUnknownKey, key)
		}
	}
	over, err := fromEnviron(environ)
	if err != nil {
		return Config{}, err
	}
	k := koanf.New(".")
	for _, layer := range []map[string]any{parsed, over} {
		if err := k.Load(confmap.Provider(layer, ""), nil); err != nil {
			return Config{}, fmt.Errorf("read settings %s: %w", file, err)
		}
	}
	c := Default()
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

func fromEnviron(environ []string) (map[string]any, error) {
	over := map[string]any{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		upper, ours := strings.CutPrefix(name, envPrefix)
		if !ours {
			continue
		}
		key := strings.ToLower(upper)
		switch {
		case !slices.Contains(keys, key):
			return nil, fmt.Errorf("read environment: %w %q", ErrUnknownKey, name)
		case slices.Contains(lists, key):
			over[key] = strings.Split(value, ",")
		default:
			over[key] = value
		}
	}
	return over, nil
}

func (c *Config) resolve(dir string) error {
	for _, path := range []*string{&c.TLSCert, &c.TLSKey, &c.Genesis, &c.Database, &c.OperatorKey, &c.TokenKeys, &c.AccessKey, &c.Identity, &c.PassphraseFile} {
		if *path == "" {
			continue
		}
		if !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("resolve %s: %w", *path, err)
		}
		*path = abs
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
	if len(c.Nodes) == 0 {
		wrong("nodes", "at least one node such as http://127.0.0.1:26680")
	}
	for key, value := range map[string]string{"genesis": c.Genesis, "database": c.Database, "operator_key": c.OperatorKey, "token_keys": c.TokenKeys, "access_key": c.AccessKey} {
		if value == "" {
			wrong(key, "must name a path")
		}
	}
	if (c.Identity == "") == (c.PassphraseFile == "") {
		wrong("identity, passphrase_file", "exactly one of them opens the token keys")
	}
	for i, o := range c.Origins {
		if !strings.HasPrefix(o, "https://") && !strings.HasPrefix(o, "http://") {
			wrong(fmt.Sprintf("origins[%d]", i), "scheme and host such as https://vote.example.org")
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong("log_level", "debug, info, warn or error")
	}
	return errors.Join(errs...)
}

// Marshal writes the file, with what each key is for.
func (c Config) Marshal() []byte {
	var b bytes.Buffer
	list := func(values []string) string {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = fmt.Sprintf("%q", v)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	fmt.Fprintf(&b, "# Settings of an issuer's gateway. Paths are relative to this file; an unknown key is an error.\n\n")
	fmt.Fprintf(&b, "# The issuer's name in the election's definition.\nname = %q\n\n", c.Name)
	fmt.Fprintf(&b, "# Address and port; with tls_cert and tls_key (PEM) it speaks TLS itself.\nlisten = %q\ntls_cert = %q\ntls_key = %q\n\n", c.Listen, c.TLSCert, c.TLSKey)
	fmt.Fprintf(&b, "# Voter pages that may call from a browser.\norigins = %s\n\n", list(c.Origins))
	fmt.Fprintf(&b, "# The issuer's own node first, and the genesis by which all answers are judged.\nnodes = %s\ngenesis = %q\n\n", list(c.Nodes), c.Genesis)
	fmt.Fprintf(&b, "# Shared by replicas: database, operator's key, directory of token keys, key of the access list.\ndatabase = %q\noperator_key = %q\ntoken_keys = %q\naccess_key = %q\n\n", c.Database, c.OperatorKey, c.TokenKeys, c.AccessKey)
	fmt.Fprintf(&b, "# What opens the token keys: an age identity file, or a file with a passphrase.\nidentity = %q\npassphrase_file = %q\n\n", c.Identity, c.PassphraseFile)
	fmt.Fprintf(&b, "# debug, info, warn or error.\nlog_level = %q\n", c.LogLevel)
	return b.Bytes()
}
