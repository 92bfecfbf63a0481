package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/x/election"
)

// village is an election as its commission writes it down.
func village() *commission.ElectionFile {
	day := time.Date(2030, 9, 1, 8, 0, 0, 0, time.UTC)
	title := func(s string) commission.Title { return commission.Title{"en": s} }
	return &commission.ElectionFile{
		Title: title("Village"),
		Contests: []commission.ContestFile{{
			Title: title("Mayor"), Kind: "choice", Max: 1, FirstSlot: 1, Options: []commission.Title{title("Ann"), title("Boris")},
		}},
		Groups: []commission.Title{title("Village")},
		Zones: []commission.ZoneFile{{
			Title: title("Village"), TimeZone: "Europe/Moscow",
			CeremonyOpens: day, IssuingOpens: day.Add(time.Hour), VotingOpens: day.Add(2 * time.Hour), Closes: day.Add(12 * time.Hour),
		}},
		Classes:   []string{"all"},
		Styles:    []commission.StyleFile{{Name: "village", Contests: []uint32{0}}},
		Issuers:   []commission.KeyFile{{Name: "one", Key: sample.Public("one")}, {Name: "two", Key: sample.Public("two")}},
		Panels:    [][]uint32{{0, 1}},
		Trustees:  []commission.KeyFile{{Name: "a", Key: sample.Public("a")}, {Name: "b", Key: sample.Public("b")}, {Name: "c", Key: sample.Public("c")}},
		Threshold: 2, TokenBits: 2048, Nonce: make(api.Hex, 16),
	}
}

func TestTheIDOfAnElectionFileIsThatOfItsDefinitionOnTheChain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	network, err := manifest.Write(context.Background(), dir, manifest.Default(time.Now()), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := func(f *commission.ElectionFile, flags ...string) (string, error) {
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "election.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		root := newRoot()
		var out, warnings bytes.Buffer
		root.SetOut(&out)
		root.SetErr(&warnings)
		root.SetArgs(append([]string{"commission", "id", file, "--genesis", filepath.Join(dir, "genesis.json")}, flags...))
		err = root.ExecuteContext(t.Context())
		return out.String(), err
	}
	def, err := village().Definition()
	if err != nil {
		t.Fatal(err)
	}
	want := election.DefinitionID(network.ChainID, def)
	if got, err := id(village()); err != nil || got != fmt.Sprintf("%x\n", want) {
		t.Fatalf("%q, %v, want %x", got, err, want)
	}
	if got, err := id(village(), "--json"); err != nil || !strings.Contains(got, fmt.Sprintf(`"election": "%x"`, want)) {
		t.Fatalf("%q, %v", got, err)
	}
	other := village()
	other.Contests[0].Options[1]["en"] = "Boris P."
	if got, err := id(other); err != nil || got == fmt.Sprintf("%x\n", want) {
		t.Fatalf("another election has the same id: %q, %v", got, err)
	}
	bad := village()
	bad.Threshold = 4
	if got, err := id(bad); err == nil || got != "" {
		t.Fatalf("an election that the ledger refuses has an id: %q", got)
	}
}
