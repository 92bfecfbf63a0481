package electors_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

const header = "Фамилия;Имя;Отчество;Дата рождения;Документ;Адрес;Территория\n"

const alyona = "Семёнова-Тян;Алёна;Игоревна;05.03.1979;45 08 123456;г. Москва, ул. Королёва, д. 5, кв. 12;001\n"

func territories(t *testing.T) map[string]electors.Territory {
	t.Helper()
	found, err := electors.ReadTerritories(strings.NewReader("territory;name;style\n001;Северный;north|city\n002;Южный;south\n003;Дальний;\n"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func key(t *testing.T) vault.Key {
	t.Helper()
	k, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func none(*database.Tx, int) error { return nil }

func load(t *testing.T, r *electors.Register, file string) (int, error) {
	t.Helper()
	return r.Import(context.Background(), electors.Source{File: strings.NewReader(file), Territories: territories(t)}, none)
}

func match(t *testing.T, db *database.DB, r *electors.Register, p electors.Person) electors.Match {
	t.Helper()
	var m electors.Match
	err := db.View(context.Background(), func(tx *database.Tx) (err error) {
		m, err = r.Match(tx, p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func person() electors.Person {
	return electors.Person{Surname: "Семёнова-Тян", Name: "Алёна", Patronymic: "Игоревна", BirthDate: "1979-03-05",
		Document: "4508123456", Address: "г. Москва, ул. Королёва, д. 5, кв. 12"}
}

func TestAPersonIsFoundInEverySpellingOfTheSameData(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := electors.New(db, key(t), rand.Reader, "2026")
		if n, err := load(t, r, header+alyona); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		for name, change := range map[string]func(*electors.Person){
			"as written":      func(*electors.Person) {},
			"capitals":        func(p *electors.Person) { p.Surname, p.Name = "СЕМЁНОВА-ТЯН", "АЛЁНА" },
			"е for ё":         func(p *electors.Person) { p.Surname, p.Name = "Семенова-Тян", "алена" },
			"blanks":          func(p *electors.Person) { p.Surname, p.Name = "  Семёнова - Тян ", " Алёна  " },
			"another dash":    func(p *electors.Person) { p.Surname = "Семёнова–Тян" },
			"marks apart":     func(p *electors.Person) { p.Name = "Але\u0308на" },
			"document spaced": func(p *electors.Person) { p.Document = "серия 45 08 № 123456" },
			"date by dots":    func(p *electors.Person) { p.BirthDate = "05.03.1979" },
			"address in full": func(p *electors.Person) {
				p.Address = "Город Москва улица Королева дом 5 квартира 12"
			},
		} {
			p := person()
			change(&p)
			if m := match(t, db, r, p); !m.Found || !m.Address || m.Territory.Code != "001" || len(m.Territory.Styles) != 2 {
				t.Errorf("%s: found %v, address %v, %d fields differ", name, m.Found, m.Address, len(m.Differ))
			}
		}
	})
}

func TestAMismatchNamesTheFieldsThatDiffer(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLite(t))
	r := electors.New(db, key(t), rand.Reader, "2026")
	if _, err := load(t, r, header+alyona); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*electors.Person){
		"[document]":        func(p *electors.Person) { p.Document = "4508123457" },
		"[surname]":         func(p *electors.Person) { p.Surname = "Иванова" },
		"[name patronymic]": func(p *electors.Person) { p.Name, p.Patronymic = "Анна", "" },
		"[birth_date]":      func(p *electors.Person) { p.BirthDate = "1979-03-06" },
		"[]":                func(p *electors.Person) { p.Document, p.Name = "4508123457", "Анна" },
	} {
		p := person()
		change(&p)
		if m := match(t, db, r, p); m.Found || fmt.Sprint(m.Differ) != want {
			t.Errorf("found %v, differ %v; want %s", m.Found, m.Differ, want)
		}
	}
	moved := person()
	moved.Address = "г. Москва, ул. Королёва, д. 6, кв. 12"
	if m := match(t, db, r, moved); !m.Found || m.Address {
		t.Fatal("another house is taken for the same address")
	}
}

func TestEveryBadLineIsNamedAndNothingHalfImported(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := electors.New(db, key(t), rand.Reader, "2026")
		if _, err := load(t, r, header+alyona); err != nil {
			t.Fatal(err)
		}
		// Many good lines first, so that some are written before the bad ones come.
		var file strings.Builder
		file.WriteString(header)
		for i := range 4500 {
			fmt.Fprintf(&file, "Иванов;Иван;Иванович;01.01.1970;4500 %06d;г. Москва, д. %d;001\n", i, i)
		}
		file.WriteString(strings.Join([]string{
			";Иван;Иванович;01.01.1970;4600 000001;Москва;001",
			"Иванов;Иван;Иванович;31.02.1970;4600 000002;Москва;001",
			"Иванов;Иван;Иванович;01.01.1970;;Москва;001",
			"Иванов;Иван;Иванович;01.01.1970;4600 000004;Москва;999",
			"Иванов;Иван;Иванович;01.01.1970;4600 000005;Москва",
			"ИВАНОВ;Иван;Иванович;1970-01-01;4500-000007;Тверь;002",
			"Петров;Иван;Иванович;01.01.1970;4500 000008;Москва;001",
			"Петров;Пётр;;01.01.1970;4600 000009;Москва;003",
		}, "\n"))
		_, err := load(t, r, file.String())
		var bad *electors.BadLines
		if !errors.As(err, &bad) {
			t.Fatalf("got %v, want BadLines", err)
		}
		want := []string{"4502 surname: empty", "4503 birth_date: not a date", "4504 document: empty", "4505 territory: not in",
			"4506 another number of fields", "4507 the same person is on line 9", "4508 document: it is on line 10"}
		if len(bad.Lines) != len(want) {
			t.Fatalf("%d lines: %v", len(bad.Lines), err)
		}
		for i, l := range bad.Lines {
			if got := fmt.Sprintf("%d %s", l.Line, l.Reason); !strings.HasPrefix(got, want[i]) {
				t.Errorf("%q, want %q", got, want[i])
			}
		}
		for _, private := range []string{"Иванов", "Петров", "4600", "Москва"} {
			if strings.Contains(err.Error(), private) {
				t.Errorf("the refusal repeats %q of the file", private)
			}
		}
		if n, err := r.Size(context.Background()); err != nil || n != 1 || !match(t, db, r, person()).Found {
			t.Fatal("the register before is not as it was", n, err)
		}
		if n := rows(t, db); n != 1 {
			t.Fatalf("%d rows remain of the refused file", n-1)
		}
	})
}

func rows(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *database.Tx) error {
		return tx.Row("SELECT count(*) FROM elector").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestANewRegisterReplacesTheOneBefore(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r, other := electors.New(db, key(t), rand.Reader, "2026"), electors.New(db, key(t), rand.Reader, "2027")
		for _, each := range []*electors.Register{r, other} {
			if _, err := load(t, each, header+alyona); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := load(t, r, header+"Петров;Пётр;-;01.01.1970;4600 000009;Москва;003\n"); err != nil {
			t.Fatal(err)
		}
		if match(t, db, r, person()).Found {
			t.Fatal("an elector of the register before is found")
		}
		m := match(t, db, r, electors.Person{Surname: "петров", Name: "петр", BirthDate: "1970-01-01", Document: "4600000009"})
		if !m.Found || len(m.Territory.Styles) != 0 {
			t.Fatal("the new register's elector is not found, or has remote voting")
		}
		if !match(t, db, other, person()).Found {
			t.Fatal("another campaign's register was replaced")
		}
		if err := r.Forget(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := rows(t, db); n != 1 {
			t.Fatalf("%d rows, want the other campaign's one", n)
		}
	})
}

func TestAnImportInterruptedOrAtOnceWithAnotherCountsForNothing(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLite(t))
	r := electors.New(db, key(t), rand.Reader, "2026")
	fault := errors.New("fault")
	source := electors.Source{File: strings.NewReader(header + alyona), Territories: territories(t)}
	if _, err := r.Import(context.Background(), source, func(*database.Tx, int) error { return fault }); !errors.Is(err, fault) {
		t.Fatal(err)
	}
	if n, err := r.Size(context.Background()); err != nil || n != 0 || rows(t, db) != 0 {
		t.Fatal("something remained", n, err)
	}
	// Another import begins and ends while this one reads.
	between := &hook{Reader: strings.NewReader(header + alyona), at: func() {
		if _, err := load(t, r, header+alyona); err != nil {
			t.Error(err)
		}
	}}
	_, err := r.Import(context.Background(), electors.Source{File: between, Territories: territories(t)}, none)
	if err != nil && !errors.Is(err, electors.ErrOtherImport) {
		t.Fatal(err)
	}
	if n, err := r.Size(context.Background()); err != nil || n != 1 || rows(t, db) != 1 {
		t.Fatal("not one register whole", n, rows(t, db), err)
	}
}

type hook struct {
	*strings.Reader
	at   func()
	done bool
}

func (h *hook) Read(b []byte) (int, error) {
	if !h.done {
		h.done = true
		h.at()
	}
	return h.Reader.Read(b)
}

func TestAFileInWindows1251IsReadWhenItIsCalledSo(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLite(t))
	r := electors.New(db, key(t), rand.Reader, "2026")
	old, err := charmap.Windows1251.NewEncoder().String(header + alyona)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, r, old); err == nil || !strings.Contains(err.Error(), "windows-1251") {
		t.Fatalf("got %v, want advice", err)
	}
	source := electors.Source{File: strings.NewReader(old), Encoding: electors.Windows1251, Territories: territories(t)}
	if _, err := r.Import(context.Background(), source, none); err != nil || !match(t, db, r, person()).Found {
		t.Fatal(err)
	}
	if _, err := load(t, r, "\ufeff"+strings.ReplaceAll("surname,name,patronymic,birth_date,document,address,territory\nSmith,John,,1970-01-01,AB 1234567,Moscow,001\n", "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	if m := match(t, db, r, electors.Person{Surname: "SMITH", Name: "john", BirthDate: "1970-01-01", Document: "ab1234567", Address: "moscow"}); !m.Found || !m.Address {
		t.Fatal("not found")
	}
}

func TestTerritoriesFileNamesEveryBadLine(t *testing.T) {
	_, err := electors.ReadTerritories(strings.NewReader("territory;name;style\n001;A;x\n001;B;x\n;C;x\n002;D;x||y\n003;E\n"))
	var bad *electors.BadLines
	if !errors.As(err, &bad) || len(bad.Lines) != 4 || bad.Lines[0].Line != 3 || bad.Lines[3].Line != 6 {
		t.Fatalf("got %v", err)
	}
}

func TestNothingOfAnElectorStandsInTheDatabaseInClear(t *testing.T) {
	where := databasetest.SQLite(t)
	db := databasetest.Open(t, where)
	r := electors.New(db, key(t), rand.Reader, "2026")
	if _, err := load(t, r, header+alyona); err != nil {
		t.Fatal(err)
	}
	err := db.View(context.Background(), func(tx *database.Tx) error {
		var sealed, identity, document, known []byte
		if err := tx.Row("SELECT sealed, identity, document, person FROM elector").Scan(&sealed, &identity, &document, &known); err != nil {
			return err
		}
		all := bytes.Join([][]byte{sealed, identity, document, known}, nil)
		for _, private := range []string{"Сем", "сем", "4508", "Моск", "1979"} {
			if bytes.Contains(all, []byte(private)) {
				t.Errorf("%q stands in the row", private)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %s %#v", person(), electors.Elector{Person: person()}, person(), electors.Match{Territory: electors.Territory{Code: "001"}}); text != "[person] [elector] [person] [match]" {
		t.Errorf("printed %s", text)
	}
}

// Lists are opened in spreadsheets.
func TestNoFieldIsAFormula(t *testing.T) {
	good := electors.Person{Surname: "Семёнова", Name: "Алёна", Patronymic: "-", BirthDate: "05.03.1979", Document: "45 08 123456", Address: "Москва"}
	if field, err := good.Check(); err != nil {
		t.Fatal(field, err)
	}
	bad := good
	bad.Document = " =4510+123456"
	if field, err := bad.Check(); err == nil || field != electors.FieldDocument {
		t.Errorf("a formula was taken for a document: %q", field)
	}
	bad = good
	bad.Patronymic = "@SUM(1)"
	if field, err := bad.Check(); err == nil || field != electors.FieldPatronymic {
		t.Errorf("a formula was taken for a patronymic: %q", field)
	}
}
