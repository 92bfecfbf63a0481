package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/config"
)

func valid() config.Config {
	c := config.Default()
	c.Name, c.Nodes, c.Genesis = "issuer-1", []string{"http://127.0.0.1:26680"}, "genesis.json"
	return c
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.FileName)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSettingsReadBackAsWritten(t *testing.T) {
	path := write(t, string(valid().Marshal()))
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), "genesis.json"); c.Genesis != want || c.Name != "issuer-1" || c.Nodes[0] != "http://127.0.0.1:26680" {
		t.Fatalf("%+v", c)
	}
}

func TestUnknownKeysAreFatal(t *testing.T) {
	path := write(t, string(valid().Marshal())+"\nextra = 1\n")
	if _, err := config.Load(path, nil); !errors.Is(err, config.ErrUnknownKey) {
		t.Fatal(err)
	}
	path = write(t, string(valid().Marshal()))
	if _, err := config.Load(path, []string{"URNA_GATEWAY_LISTN=x"}); !errors.Is(err, config.ErrUnknownKey) {
		t.Fatal(err)
	}
}

func TestEnvironmentGoesOverTheFile(t *testing.T) {
	path := write(t, string(valid().Marshal()))
	c, err := config.Load(path, []string{"URNA_GATEWAY_LISTEN=127.0.0.1:1", "URNA_GATEWAY_NODES=http://a,http://b", "HOME=/"})
	if err != nil || c.Listen != "127.0.0.1:1" || len(c.Nodes) != 2 {
		t.Fatal(c, err)
	}
}

func TestEveryWrongKeyIsNamed(t *testing.T) {
	c := config.Default()
	c.Listen, c.TLSCert, c.LogLevel, c.PassphraseFile, c.Origins = "nowhere", "x", "loud", "y", []string{"vote.example"}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"name", "listen", "tls_cert", "nodes", "genesis", "identity", "origins[0]", "log_level"} {
		if !strings.Contains(err.Error(), key+":") && !strings.Contains(err.Error(), key+",") {
			t.Errorf("%s is not named in: %v", key, err)
		}
	}
}

func TestPassphraseFileTakesTheIdentitysPlace(t *testing.T) {
	path := write(t, "name = \"a\"\nnodes = [\"http://n\"]\ngenesis = \"g\"\npassphrase_file = \"p\"\n")
	c, err := config.Load(path, nil)
	if err != nil || c.Identity != "" || c.PassphraseFile == "" {
		t.Fatal(c, err)
	}
}
