package people_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

var election = [32]byte{7}

func list() []people.Person {
	return []people.Person{
		{Election: election, Entry: [32]byte{1}, Style: 2, Subject: "1000299353", Phone: "+79001112233", Mail: "анна@почта.рф", Language: people.Russian},
		{Election: election, Entry: [32]byte{2}, Subject: "boris", Phone: "+79001112234", Language: people.English},
		{Election: election, Entry: [32]byte{3}, Style: 9, Subject: "clara", Mail: "clara@example.org", Language: people.Russian},
	}
}

func identity(t testing.TB) *age.HybridIdentity {
	t.Helper()
	i, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func newStore(t *testing.T, db *database.DB) *people.Store {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return people.New(db, key)
}

func TestAListComesBackAsItWasWrittenAndForItsIssuerOnly(t *testing.T) {
	own, others := identity(t), identity(t)
	var file bytes.Buffer
	if err := people.WriteList(&file, election, list(), own.Recipient()); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"1000299353", "+79001112233", "clara@example.org"} {
		if strings.Contains(file.String(), secret) {
			t.Errorf("%s is in the file in clear", secret)
		}
	}
	id, got, err := people.ReadList(bytes.NewReader(file.Bytes()), own)
	if err != nil || id != election || len(got) != 3 {
		t.Fatal(id, len(got), err)
	}
	for i, want := range list() {
		if got[i] != want {
			t.Errorf("person %d is another", i)
		}
	}
	if _, _, err := people.ReadList(bytes.NewReader(file.Bytes()), others); err == nil {
		t.Error("another issuer reads it")
	}
	for _, cut := range []int{0, 1, file.Len() / 2, file.Len() - 1} {
		if _, _, err := people.ReadList(bytes.NewReader(file.Bytes()[:cut]), own); err == nil {
			t.Errorf("cut at %d it is read", cut)
		}
	}
}

// seal encrypts any text, to show what a reader refuses.
func seal(t *testing.T, to age.Recipient, text string) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestEveryBadLineIsNamedAndNobodyInIt(t *testing.T) {
	own := identity(t)
	entry := func(n int) string { return fmt.Sprintf("%064x", n) }
	head := "urna people 1\nelection " + fmt.Sprintf("%x", election) + "\nentry,style,subject,phone,mail,language\n"
	text := head + strings.Join([]string{
		entry(10) + ",1,good,+79001112233,,ru",
		entry(10) + ",1,secretA,+79001112235,,ru",
		entry(11) + ",1,good,+79001112236,,ru",
		entry(12) + ",1,secretB,+79001112233,,ru",
		entry(13) + ",01,secretC,+79001112237,,ru",
		entry(14) + ",1,,+79001112238,,ru",
		entry(15) + ",1,secretD,,,ru",
		entry(16) + ",1,secretE,89001112239,,ru",
		entry(17) + ",1,secretF,+79001112240,secretmail,ru",
		entry(18) + ",1,secretG,+79001112241,,de",
		entry(19) + ",1,secretH,+79001112242,ru",
		strings.ToUpper(fmt.Sprintf("%064x", 0xabcd)) + ",1,secretI,+79001112243,,ru",
		entry(21) + ",1,secret\x00J,+79001112244,,ru",
		entry(22) + ",4294967296,secretK,+79001112245,,ru",
	}, "\n") + "\n"
	_, got, err := people.ReadList(seal(t, own.Recipient(), text), own)
	if err == nil || got != nil {
		t.Fatal("read")
	}
	for line := 5; line <= 17; line++ {
		if !strings.Contains(err.Error(), fmt.Sprintf("line %d:", line)) {
			t.Errorf("line %d is not named in: %v", line, err)
		}
	}
	if strings.Contains(err.Error(), "line 4:") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "7900") || strings.Contains(err.Error(), "8900") {
		t.Errorf("the refusal names a person or a good line: %v", err)
	}
	for name, bad := range map[string]string{
		"version":   strings.Replace(head, "people 1", "people 2", 1) + entry(1) + ",1,a,+79001112233,,ru\n",
		"election":  strings.Replace(head, "election 07", "election 7", 1) + entry(1) + ",1,a,+79001112233,,ru\n",
		"header":    strings.Replace(head, "phone,mail", "mail,phone", 1) + entry(1) + ",1,a,+79001112233,,ru\n",
		"no person": head,
		"nothing":   "",
	} {
		if _, _, err := people.ReadList(seal(t, own.Recipient(), bad), own); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	unsorted := list()
	unsorted[0], unsorted[1] = unsorted[1], unsorted[0]
	if err := people.WriteList(io.Discard, election, unsorted, own.Recipient()); err == nil {
		t.Error("a list out of order is written")
	}
	people.Sort(unsorted)
	if err := people.WriteList(io.Discard, election, unsorted, own.Recipient()); err != nil {
		t.Error(err)
	}
}

func TestPersonsAreFoundByAccountAndEntry(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		s := newStore(t, db)
		for want := 3; want >= 0; want -= 3 { // the second time all are there
			if added, err := s.Import(ctx, list()); err != nil || added != want {
				t.Fatal(added, err)
			}
		}
		for _, want := range list() {
			p, there, err := s.Find(ctx, election, want.Subject)
			if err != nil || !there || p != want {
				t.Error("by account:", there, err)
			}
			if p, there, err = s.Of(ctx, election, want.Entry); err != nil || !there || p != want {
				t.Error("by entry:", there, err)
			}
			entry, style, known, err := s.Whose(ctx, election, want.Subject)
			if err != nil || !known || entry != want.Entry || style != want.Style {
				t.Error("whose:", known, err)
			}
		}
		if _, there, err := s.Find(ctx, [32]byte{8}, "boris"); there || err != nil {
			t.Error("in another election:", there, err)
		}
		if _, there, err := s.Find(ctx, election, "Boris"); there || err != nil {
			t.Error("another account:", there, err)
		}
		if _, there, err := newStore(t, db).Find(ctx, election, "boris"); there || err != nil {
			t.Error("with another key:", there, err)
		}
	})
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		s := newStore(t, db)
		if _, err := s.Import(ctx, list()); err != nil {
			t.Fatal(err)
		}
		good := people.Person{Election: election, Entry: [32]byte{50}, Subject: "new", Phone: "+79005550000", Language: people.Russian}
		for name, change := range map[string]func(*people.Person){
			"entry with another account":  func(p *people.Person) { p.Entry = [32]byte{1} },
			"account with another entry":  func(p *people.Person) { p.Subject = "boris" },
			"phone of another person":     func(p *people.Person) { p.Phone = "+79001112233" },
			"nobody can be reached there": func(p *people.Person) { p.Phone = "" },
		} {
			bad := good
			bad.Entry, bad.Subject, bad.Phone = [32]byte{51}, "newer", "+79005550001"
			change(&bad)
			if _, err := s.Import(ctx, []people.Person{good, bad}); err == nil {
				t.Errorf("%s: imported", name)
			} else if strings.Contains(err.Error(), "boris") || strings.Contains(err.Error(), "7900") {
				t.Errorf("%s: the refusal names a person: %v", name, err)
			}
			if n, err := s.Size(ctx, election); n != 3 || err != nil {
				t.Fatalf("%s: %d persons (%v)", name, n, err)
			}
		}
		// The same phone in another election is another election's business.
		elsewhere := list()[0]
		elsewhere.Election = [32]byte{8}
		if added, err := s.Import(ctx, []people.Person{elsewhere}); err != nil || added != 1 {
			t.Fatal(added, err)
		}
		if _, err := s.Import(ctx, []people.Person{{Election: election, Entry: [32]byte{1}, Subject: "x", Phone: "+79005550002", Language: people.Russian}}); !errors.Is(err, people.ErrOtherPerson) {
			t.Fatal(err)
		}
	})
}

func TestPersonsAreSealedAndErased(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		s := newStore(t, db)
		other := list()[0]
		other.Election = [32]byte{8}
		if _, err := s.Import(ctx, append(list(), other)); err != nil {
			t.Fatal(err)
		}
		err := db.View(ctx, func(tx *database.Tx) error {
			rows, err := tx.Rows("SELECT subject, phone, sealed FROM person")
			if err != nil {
				return err
			}
			for rows.Next() {
				var row [3][]byte
				if err := rows.Scan(&row[0], &row[1], &row[2]); err != nil {
					return err
				}
				all := bytes.Join(row[:], nil)
				for _, p := range list() {
					for _, secret := range []string{p.Subject, p.Phone, p.Mail} {
						if secret != "" && bytes.Contains(all, []byte(secret)) {
							t.Errorf("%q is stored in clear", secret)
						}
					}
				}
			}
			return rows.Close()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Forget(ctx, election); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Size(ctx, election); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.Size(ctx, [32]byte{8}); n != 1 || err != nil {
			t.Fatalf("another election: %d (%v)", n, err)
		}
	})
}

func TestAPersonPrintsAsARedaction(t *testing.T) {
	p := list()[0]
	if out := fmt.Sprintf("%v%+v%#v%s", p, p, p, p); out != "[person][person][person][person]" {
		t.Fatal(out)
	}
	if _, err := p.MarshalText(); err == nil {
		t.Fatal("a person is written")
	}
}

func FuzzReadList(f *testing.F) {
	own := identity(f)
	f.Add("urna people 1\nelection " + fmt.Sprintf("%x", election) + "\nentry,style,subject,phone,mail,language\n" + strings.Repeat("0", 64) + ",1,a,+79001112233,,ru\n")
	f.Fuzz(func(t *testing.T, text string) {
		id, list, err := people.ReadList(seal(t, own.Recipient(), text), own)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := people.WriteList(&again, id, list, own.Recipient()); err != nil {
			t.Fatal("what was read cannot be written:", err)
		}
	})
}
