package daemon_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

func TestAListOfPersonsIsImportedErasedAndBothAreOnTheJournal(t *testing.T) {
	ctx := context.Background()
	home := t.TempDir()
	cfg := config.Default()
	cfg.Database, cfg.VaultKey, cfg.Identity = filepath.Join(home, "gateway.db"), filepath.Join(home, "vault.key"), filepath.Join(home, "identity.txt")
	identity, err := keyring.NewIdentityFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Identity, identity, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateKey(cfg.VaultKey, rand.Reader); err != nil {
		t.Fatal(err)
	}
	text, err := daemon.Recipient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	recipients, err := age.ParseRecipients(bytes.NewReader([]byte(text)))
	if err != nil || len(recipients) != 1 {
		t.Fatal(err)
	}
	election := [32]byte{7}
	var list bytes.Buffer
	anna := people.Person{Election: election, Entry: [32]byte{1}, Subject: "anna", Phone: "+79000000001", Language: people.Russian}
	if err := people.WriteList(&list, election, []people.Person{anna}, recipients[0]); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "people.age")
	if err := os.WriteFile(file, list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for added := 1; added >= 0; added-- {
		id, n, all, err := daemon.ImportPeople(ctx, cfg, file)
		if err != nil || id != election || n != added || all != 1 {
			t.Fatal(n, all, err)
		}
	}
	if n, err := daemon.ForgetPeople(ctx, cfg, election); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var acts []string
	if err := journal.Read(ctx, db, 1, func(r journal.Row) error {
		acts = append(acts, r.Action)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(acts) != 3 || acts[0] != "people import" || acts[2] != "people forget" {
		t.Fatal(acts)
	}
}
