package applications_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

var moscow = time.FixedZone("MSK", 3*3600)

var (
	opens  = time.Date(2026, 8, 1, 0, 0, 0, 0, moscow)
	closes = time.Date(2026, 9, 14, 23, 59, 0, 0, moscow)
	erase  = time.Date(2027, 1, 1, 0, 0, 0, 0, moscow)
)

// world is a registrar with a clock of its own.
type world struct {
	t   *testing.T
	db  *database.DB
	key vault.Key
	at  time.Time
	*applications.Register
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, key: key, at: opens.Add(36 * time.Hour)}
	w.Register = w.replica(db)
	return w
}

// replica is another process on the same database.
func (w *world) replica(db *database.DB) *applications.Register {
	w.t.Helper()
	r, err := applications.New(db, w.key, applications.Campaign{
		Name:         "2026-09",
		Title:        texts.Both{RU: "Выборы депутатов Городской Думы 20 сентября 2026 года", EN: "Election of the City Council, 20 September 2026"},
		Organisation: texts.Both{RU: "Территориальная избирательная комиссия дистанционного электронного голосования", EN: "Territorial commission for remote electronic voting"},
		Opens:        opens, Closes: closes, Erase: erase, VotingDay: "2026-09-20", Citizenship: "RUS", Zone: moscow,
	}, func() time.Time { return w.at }, rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// line i of the voter register.
func line(i int) string {
	territory := []string{"001", "002", "003"}[i%3]
	return fmt.Sprintf("Иванов;Пётр;Сергеевич;01.02.%d;4500 %06d;г. Москва, ул. Королёва, д. %d;%s\n", 1950+i%50, i, i, territory)
}

// account i of the portal, whose owner is elector i.
func account(i int) login.Account {
	return login.Account{Subject: fmt.Sprintf("oid-%d", i), Confirmed: true, Person: &login.Person{
		Surname: "Иванов", Name: "Пётр", Patronymic: "Сергеевич", BirthDate: fmt.Sprintf("%d-02-01", 1950+i%50),
		Document: fmt.Sprintf("4500%06d", i), Citizenship: "RUS", Address: fmt.Sprintf("Москва, улица Королева, %d", i),
	}}
}

// form i as the person fills it in: the portal gives the rest.
func form(i int) applications.Form {
	f := applications.Form{Phone: fmt.Sprintf("+7900%07d", i), Mail: fmt.Sprintf("voter%d@example.org", i), Language: texts.Russian}
	return f
}

const territories = "territory;name;style\n001;Северный;north|city\n002;Южный;south\n003;Дальний;\n"

// load imports the lines of the given electors.
func (w *world) load(lines ...string) {
	w.t.Helper()
	if err := w.imports(territories, lines...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) imports(territories string, lines ...string) error {
	w.t.Helper()
	table, err := electors.ReadTerritories(strings.NewReader(territories))
	if err != nil {
		w.t.Fatal(err)
	}
	file := "Фамилия;Имя;Отчество;Дата рождения;Документ;Адрес;Территория\n" + strings.ReplaceAll(strings.Join(lines, ""), "г. Москва, ул. ", "Москва, ул. ")
	source := electors.Source{File: strings.NewReader(strings.ReplaceAll(file, ", д. ", ", ")), Territories: table}
	_, err = w.ImportElectors(context.Background(), source, func(*database.Tx, int) error { return nil })
	return err
}

// confirm shows that an account holds a phone.
func (w *world) confirm(i int, phone string) error {
	return w.db.Update(func(tx *database.Tx) error { return w.ConfirmPhone(tx, account(i).Subject, phone) })
}

// file confirms the phone and files.
func (w *world) file(i int) *applications.Application {
	w.t.Helper()
	if err := w.confirm(i, form(i).Phone); err != nil {
		w.t.Fatal(err)
	}
	a, err := w.File(context.Background(), account(i), form(i))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

var definition = &electionv1.Definition{Styles: []*electionv1.Style{{Name: "south"}, {Name: "north"}}}

func election() applications.Election {
	return applications.Election{ChainID: "urna-test", ID: [32]byte{7}, Definition: definition}
}
