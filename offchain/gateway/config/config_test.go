package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

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
	for _, extra := range []string{"extra = 1\n" + string(valid().Marshal()), string(valid().Marshal()) + "\nextra = 1\n", string(valid().Marshal()) + "\n[extra]\n"} {
		if _, err := config.Load(write(t, extra), nil); !errors.Is(err, config.ErrUnknownKey) {
			t.Error(err)
		}
	}
	path := write(t, string(valid().Marshal()))
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

func TestSectionsReadBackAndTheEnvironmentReachesThem(t *testing.T) {
	c := valid()
	c.Public = "https://gateway.example"
	c.Login = config.Login{Kind: config.LoginOIDC, Issuer: "https://portal.example/realm", ClientID: "issuer-1", ClientSecretFile: "secret", Digits: 6}
	c.SMS = config.SMS{Address: "127.0.0.1:2775", SystemID: "a", PasswordFile: "sms", Sender: "URNA", TLS: true}
	c.Limits.TrustedProxies = []string{"10.0.0.0/8", "::1/128"}
	path := write(t, string(c.Marshal()))
	got, err := config.Load(path, []string{"URNA_GATEWAY_SMS_SENDER=123", "URNA_GATEWAY_ROOM_PER_SECOND=7", "URNA_GATEWAY_LIMITS_DRAIN=90s", "URNA_GATEWAY_METRICS_LISTEN=127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	c.Login.ClientSecretFile, c.SMS.PasswordFile = filepath.Join(dir, "secret"), filepath.Join(dir, "sms")
	c.SMS.Sender, c.Room.PerSecond, c.Limits.Drain, c.Metrics.Listen = "123", 7, 90*time.Second, "127.0.0.1:1"
	if !reflect.DeepEqual(got.Login, c.Login) || got.SMS != c.SMS || got.Room != c.Room || !reflect.DeepEqual(got.Limits, c.Limits) || got.Metrics != c.Metrics {
		t.Fatalf("%+v\nwant %+v", got, c)
	}
}

func TestADatabaseURLIsNoPath(t *testing.T) {
	c := valid()
	c.Database = "postgres://urna@127.0.0.1/gateway"
	got, err := config.Load(write(t, string(c.Marshal())), nil)
	if err != nil || got.Database != c.Database {
		t.Fatal(got.Database, err)
	}
}

func TestWrongSectionsAreNamed(t *testing.T) {
	c := valid()
	c.Login = config.Login{Kind: config.LoginESIA, Digits: 4}
	c.Mail.Username, c.Mail.Address = "x", "nowhere"
	c.HSM.Token = "t"
	c.Applications = config.Applications{Enabled: true, Opens: "soon", Closes: "2026-07-01T00:00:00+03:00"}
	c.Limits.TrustedProxies = []string{"all"}
	c.Limits.PerPerson, c.Room.PerSecond = 1, 0
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"login.digits", "login.kind", "login.issuer", "login.client_id", "login.certificate_file", "mail.address", "mail.from",
		"mail.username", "hsm.module", "applications.opens", "limits.trusted_proxies", "limits.per_person", "room.per_second"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in: %v", key, err)
		}
	}
}

func TestAValueOfTheWrongTypeIsToldWithKeyAndWhatToWrite(t *testing.T) {
	good := string(valid().Marshal())
	line := func(key, value string) string {
		t.Helper()
		lines := strings.Split(good, "\n")
		for i, l := range lines {
			if strings.HasPrefix(l, key+" = ") {
				lines[i] = key + " = " + value
				return strings.Join(lines, "\n")
			}
		}
		t.Fatal("no line ", key)
		return ""
	}
	for name, c := range map[string]struct {
		file, environ string
		key, want     string
	}{
		"number for text":     {file: line("listen", "5"), key: "listen", want: "a text in quotes"},
		"text for number":     {file: line("per_second", `"SECRET"`), key: "room.per_second", want: "a whole number"},
		"part of a number":    {file: line("per_second", "1.5"), key: "room.per_second", want: "a whole number"},
		"text for yes":        {file: line("enabled", `"SECRET"`), key: "enabled", want: "true or false"},
		"text for list":       {file: line("nodes", `"SECRET"`), key: "nodes", want: "a list"},
		"list of numbers":     {file: line("nodes", "[1]"), key: "nodes", want: "a list"},
		"number for duration": {file: line("drain", "5"), key: "limits.drain", want: "a duration"},
		"no duration":         {file: line("drain", `"SECRET"`), key: "limits.drain", want: "a duration"},
		"environment number":  {file: good, environ: "URNA_GATEWAY_ROOM_PER_SECOND=SECRET", key: "URNA_GATEWAY_ROOM_PER_SECOND", want: "a whole number"},
		"environment yes":     {file: good, environ: "URNA_GATEWAY_ROOM_ENABLED=SECRET", key: "URNA_GATEWAY_ROOM_ENABLED", want: "true or false"},
		"environment time":    {file: good, environ: "URNA_GATEWAY_LIMITS_DRAIN=SECRET", key: "URNA_GATEWAY_LIMITS_DRAIN", want: "a duration such as 90s"},
	} {
		_, err := config.Load(write(t, c.file), []string{c.environ})
		if err == nil || !strings.Contains(err.Error(), c.key+": w") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "decoding") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := config.Load(write(t, good), []string{"URNA_GATEWAY_ROOM_ENABLED=true", "URNA_GATEWAY_PUBLIC=https://a.example"}); err != nil && strings.Contains(err.Error(), "environment") {
		t.Error(err)
	}
}

func TestANodeIsAnAddressOfTheWeb(t *testing.T) {
	for _, node := range []string{"bla", "127.0.0.1:26680", "ftp://127.0.0.1", "http://"} {
		c := valid()
		c.Nodes = append(c.Nodes, node)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "nodes[1]") {
			t.Errorf("%s: %v", node, err)
		}
	}
}
