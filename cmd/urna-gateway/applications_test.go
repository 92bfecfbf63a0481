package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/offchain/terminal"
)

// registrarAt writes settings of a registrar that takes applications now.
func registrarAt(t *testing.T, change func(*config.Config)) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := vault.CreateKey(filepath.Join(dir, "vault.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := config.Default()
	c.Name, c.Nodes, c.Genesis, c.Database, c.VaultKey, c.Public = "registrar", []string{"http://127.0.0.1:26680"}, "genesis.json", databasetest.SQLite(t), "vault.key", "https://registrar.example"
	c.Login.Kind, c.Login.Issuer, c.Login.ClientID, c.Login.ClientSecretFile = config.LoginOIDC, "https://portal.example", "registrar", "secret"
	c.SMS.Address, c.SMS.SystemID, c.SMS.PasswordFile, c.SMS.Sender = "127.0.0.1:2775", "registrar", "password", "urna"
	c.Applications = config.Applications{
		Enabled: true, Campaign: "2026-09", Title: "Выборы", TitleEN: "Election", Organisation: "Комиссия", OrganisationEN: "Commission",
		Opens: now.Add(-time.Hour).Format(time.RFC3339), Closes: now.Add(time.Hour).Format(time.RFC3339), Erase: now.Add(2 * time.Hour).Format(time.RFC3339),
		VotingDay: now.Format(time.DateOnly), TimeZone: "Europe/Moscow", Citizenship: "RUS",
	}
	if change != nil {
		change(&c)
	}
	file := filepath.Join(dir, config.FileName)
	if err := os.WriteFile(file, c.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// apply files an application of the one elector of the register below.
func apply(t *testing.T, file string) *applications.Application {
	t.Helper()
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := vault.LoadKey(cfg.VaultKey)
	if err != nil {
		t.Fatal(err)
	}
	var made *applications.Application
	err = daemon.WithApplications(context.Background(), cfg, func(r *applications.Register, actor string) error {
		if actor == "" {
			t.Error("nobody acts")
		}
		account := login.Account{Subject: "oid", Confirmed: true, Person: &login.Person{Surname: "Орлова", Name: "Вера", BirthDate: "1970-01-02", Document: "4500111222", Citizenship: "RUS", Address: "Тверь, ул. Мира, 1"}}
		db, err := database.Open(context.Background(), cfg.Database)
		if err != nil {
			return err
		}
		defer db.Close()
		other, err := applications.New(db, key, r.Campaign(), time.Now, rand.Reader)
		if err != nil {
			return err
		}
		if err := db.Update(func(tx *database.Tx) error { return other.ConfirmPhone(tx, "oid", "+79001112233") }); err != nil {
			return err
		}
		made, err = other.File(context.Background(), account, applications.Form{Phone: "+79001112233"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const (
	registerText    = "Фамилия;Имя;Отчество;Дата рождения;Документ;Адрес;Территория\nОРЛОВА;ВЕРА;-;02.01.1970;45 00 111222;Тверь, улица Мира, 1;001\n"
	territoriesText = "territory;name;style\n001;Первый;one\n"
)

func TestStaffImportsDecidesRejectsAndErasesByCommand(t *testing.T) {
	file := registrarAt(t, nil)
	a := apply(t, file)
	if a.Status != applications.Submitted {
		t.Fatal("judged without a register")
	}
	territories := write(t, "territories.csv", territoriesText)
	out, code := call(t, "electors", "import", "--config", file, "--territories", territories, write(t, "bad.csv", registerText+"ОРЛОВА;;;x;1;;9\n"))
	if code == 0 || !strings.Contains(out, "line 3: ") || strings.Contains(out, "ОРЛОВА") {
		t.Fatalf("a bad register: exit %d, %s", code, out)
	}
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"applications", "status"}, 0, "submitted  -       1"},
		{[]string{"electors", "import", "--territories", territories, write(t, "register.csv", registerText)}, 0, "1 electors imported"},
		{[]string{"applications", "decide"}, 0, "1 accepted, 0 rejected"},
		{[]string{"applications", "reject", "--reason", "age", a.Number.String()}, terminal.ExitFailure, "staff"},
		{[]string{"applications", "reject", "--reason", "mood", a.Number.String()}, terminal.ExitUsage, "--reason"},
		{[]string{"applications", "reject", "--reason", "struck", "000001-4"}, terminal.ExitUsage, "check digit"},
		{[]string{"applications", "reject", "--reason", "struck", a.Number.String()}, 0, "is rejected"},
		{[]string{"applications", "check", a.Number.String(), "AAAA-BBBB-CCCC-DDDD"}, terminal.ExitFailure, "not of this register"},
		{[]string{"applications", "erase"}, terminal.ExitUsage, "--yes"},
		{[]string{"applications", "erase", "--yes"}, terminal.ExitFailure, "term"},
		{[]string{"journal", "verify"}, 0, "3 rows, unchanged"},
	}
	for _, s := range steps {
		if out, code := call(t, append(s.args, "--config", file)...); code != s.code || !strings.Contains(squeeze(out), squeeze(s.want)) {
			t.Errorf("%v: exit %d, %s", s.args, code, out)
		}
	}
	if out, _ := call(t, "journal", "show", "--config", file); strings.Contains(out, "Орлова") || !strings.Contains(out, "applications reject  2026-09: 000001-3 struck") {
		t.Errorf("journal: %s", out)
	}
}

// squeeze makes every run of blanks one and drops what stands for nothing.
func squeeze(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, " - ", " ")), " ")
}

func TestOnlyARegistrarHasApplications(t *testing.T) {
	file := registrarAt(t, func(c *config.Config) { c.Applications.Enabled = false })
	if out, code := call(t, "applications", "status", "--config", file); code != terminal.ExitFailure || !strings.Contains(out, "not a registrar") {
		t.Errorf("exit %d, %s", code, out)
	}
	file = registrarAt(t, func(c *config.Config) { c.Applications.VotingDay, c.Applications.TimeZone = "soon", "Nowhere/City" })
	if out, code := call(t, "applications", "status", "--config", file); code == 0 || !strings.Contains(out, "voting_day") || !strings.Contains(out, "time_zone") {
		t.Errorf("exit %d, %s", code, out)
	}
}
