package genesis_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appgenesis "github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/x/chainid"
)

// key is a public key of a seed.
func key(seed byte) [32]byte { return sign.NewPrivateKey([sign.SeedSize]byte{seed}).Public() }

func spec() genesis.Spec {
	return genesis.Spec{
		Prefix: "urna-test", Time: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), Rehearsal: true, Rules: 1, MaxBlockBytes: 4 << 20,
		Commission: appgenesis.Commission{Quorum: 1, Members: []appgenesis.Member{{Name: "A", Role: "chair", Key: key(1)}}},
		Validators: []genesis.Validator{{Name: "north", Key: key(1), Power: 10}, {Name: "south", Key: key(2), Power: 10}},
	}
}

func TestMadeGenesisIsReadAndCarriesItsOwnHash(t *testing.T) {
	raw, err := genesis.Make(spec())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "genesis.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := genesis.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := chainid.Make("urna-test", raw)
	if err != nil || g.Doc.ChainID != want || !g.App.Rehearsal || g.Doc.ConsensusParams.Block.MaxBytes != 4<<20 {
		t.Errorf("read %+v, want chain %s (%v)", g.Doc, want, err)
	}
	if south := key(2); !g.HasValidator(south[:]) || g.HasValidator(make([]byte, 32)) {
		t.Error("HasValidator is wrong")
	}
}

func TestAnyChangeOfTheGenesisIsRefused(t *testing.T) {
	raw, err := genesis.Make(spec())
	if err != nil {
		t.Fatal(err)
	}
	for name, swap := range map[string][2]string{
		"no rehearsal":      {`"rehearsal": true`, `"rehearsal": false`},
		"quorum":            {`"quorum": 1`, `"quorum": 2`},
		"power":             {`"power": "10"`, `"power": "11"`},
		"time":              {"2026-09-01", "2026-09-02"},
		"name of the chain": {"urna-test-", "urna-real-0"},
	} {
		altered := strings.Replace(string(raw), swap[0], swap[1], 1)
		if altered == string(raw) {
			t.Fatalf("%s: nothing was changed in\n%s", name, raw)
		}
		if _, err := genesis.Parse([]byte(altered)); !errors.Is(err, chainid.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGenesisWithWhichNoChainCanBeginIsNotMade(t *testing.T) {
	for name, spoil := range map[string]func(*genesis.Spec){
		"none":        func(s *genesis.Spec) { s.Validators = nil },
		"twice":       func(s *genesis.Spec) { s.Validators[1].Key = s.Validators[0].Key },
		"no power":    func(s *genesis.Spec) { s.Validators[0].Power = 0 },
		"weak key":    func(s *genesis.Spec) { s.Validators[0].Key = [32]byte{1} },
		"no members":  func(s *genesis.Spec) { s.Commission.Members = nil },
		"high quorum": func(s *genesis.Spec) { s.Commission.Quorum = 2 },
		"weak member": func(s *genesis.Spec) { s.Commission.Members[0].Key = [32]byte{1} },
		"long prefix": func(s *genesis.Spec) { s.Prefix = strings.Repeat("a", 40) },
	} {
		s := spec()
		spoil(&s)
		if _, err := genesis.Make(s); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}
