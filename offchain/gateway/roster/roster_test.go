package roster_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

var def = &electionv1.Definition{Styles: []*electionv1.Style{{Name: "north"}, {Name: "south"}}}

func TestVotersFileNamesEveryBadLine(t *testing.T) {
	voters, err := roster.ReadVoters(strings.NewReader("voter,style\nann,north\nbob,south\n"), def)
	if err != nil || len(voters) != 2 || voters[1] != (roster.Voter{ID: "bob", Style: 1}) {
		t.Fatal(voters, err)
	}
	_, err = roster.ReadVoters(strings.NewReader("voter,style\nann,north\n,north\nbob,west\nann,south\ncid\n"), def)
	if err == nil {
		t.Fatal("bad lines are read")
	}
	for _, want := range []string{"line 3: voter is empty", "line 4: the election has no style \"west\"", "line 5: voter is on line 2", "line 6"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in: %v", want, err)
		}
	}
	for _, bad := range []string{"", "voter\nann\n", "voter,style\n"} {
		if _, err := roster.ReadVoters(strings.NewReader(bad), def); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// From the voters file to an open door: what the voter holds fits what the
// gateway imports.
func TestSlipOpensItsEntryAtTheGateway(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		dir := t.TempDir()
		voters := []roster.Voter{{ID: "ann", Style: 0}, {ID: "bob/../x", Style: 1}, {ID: "cid", Style: 0}}
		e, err := roster.Enrol(rand.Reader, "test-1", [32]byte{9}, def, voters)
		if err != nil {
			t.Fatal(err)
		}
		key, err := roster.LoadOrMakeKey(filepath.Join(dir, roster.KeyFile), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		var list bytes.Buffer
		if err := roster.WritePasses(&list, e.Passes("issuer-1")); err != nil {
			t.Fatal(err)
		}
		passes, err := roster.ReadPasses(&list)
		if err != nil {
			t.Fatal(err)
		}
		codes, err := roster.NewCodes(rand.Reader, key, [32]byte{9}, passes)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range e.Slips() {
			s.Codes = append(s.Codes, slip.IssuerCode{Issuer: "issuer-1", Code: codes.Code(i)})
		}
		if err := e.WriteFiles(dir); err != nil {
			t.Fatal(err)
		}
		if err := codes.WriteFiles(dir); err != nil {
			t.Fatal(err)
		}
		again, err := roster.LoadOrMakeKey(filepath.Join(dir, roster.KeyFile), rand.Reader)
		if err != nil || again != key {
			t.Fatal("access key changed", err)
		}

		file, err := os.Open(filepath.Join(dir, roster.AccessFile))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, access, err := register.ReadList(file)
		if err != nil {
			t.Fatal(err)
		}
		store := register.New(databasetest.Open(t, where))
		if n, err := store.Import(access); err != nil || n != len(voters) {
			t.Fatal(n, err)
		}
		door := auth.NewCodes(again, store, time.Now)
		for _, v := range voters {
			text, err := os.ReadFile(filepath.Join(dir, roster.SlipDir, roster.SlipFile(v.ID)))
			if err != nil {
				t.Fatal(err)
			}
			s, err := slip.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			claim := auth.Claim{Election: s.Election, Entry: s.Entry(), Style: v.Style,
				Pass: s.VoterKey.Pass(s.ChainID, s.Election, "issuer-1"), Code: strings.ToLower(s.Codes[0].Code.Reveal())}
			if verdict, err := door.Screen(context.Background(), claim); err != nil || verdict.Refusal != nil {
				t.Errorf("%s: %v %v", v.ID, verdict.Refusal, err)
			}
			claim.Pass = s.VoterKey.Pass(s.ChainID, s.Election, "issuer-2")
			if verdict, _ := door.Screen(context.Background(), claim); verdict.Refusal == nil {
				t.Errorf("%s: another issuer's pass opens the entry", v.ID)
			}
		}
		secret, err := os.ReadFile(filepath.Join(dir, roster.AccessFile))
		if err != nil || strings.Contains(string(secret), "ann") {
			t.Error("the gateway's list names a voter", err)
		}
		if err := e.WriteFiles(dir); err == nil {
			t.Error("slips are overwritten")
		}
	})
}

func TestRollLosesTheOrderOfTheVoters(t *testing.T) {
	var voters []roster.Voter
	for i := range 50 {
		voters = append(voters, roster.Voter{ID: fmt.Sprintf("v%02d", i), Style: uint32(i % 2)})
	}
	e, err := roster.Enrol(rand.Reader, "test-1", [32]byte{9}, def, voters)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := e.WriteRoll(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 51 || lines[0] != "entry,style" {
		t.Fatal(lines)
	}
	for i := 2; i <= 25; i++ {
		if lines[i] <= lines[i-1] || !strings.HasSuffix(lines[i], ",north") || !strings.HasSuffix(lines[i+25], ",south") {
			t.Fatalf("line %d is out of order", i+1)
		}
	}
}
