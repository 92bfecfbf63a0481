package applications_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/journal"
)

var ctx = context.Background()

func story(a *applications.Application) string {
	var steps []string
	for _, e := range a.History {
		step := e.Status.String()
		if e.Reason != "" {
			step += "(" + string(e.Reason) + ")"
		}
		if len(e.Fields) > 0 {
			step += fmt.Sprint(e.Fields)
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, " ")
}

func TestAnApplicationIsAcceptedWithNumberAndTime(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.load(line(0), line(1))
		a := w.file(0)
		if a.Number != 1 || a.Number.String() != "000001-3" || story(a) != "submitted accepted" || !a.History[0].At.Equal(w.at) {
			t.Fatal(a.Number, story(a), a.History[0].At)
		}
		if a.Form.Surname != "Иванов" || a.Form.Phone != "+79000000000" {
			t.Fatal("the form does not hold what the portal has")
		}
		if b := w.file(1); b.Number != 2 {
			t.Fatal(b.Number)
		}
		mine, err := w.Mine(ctx, account(0).Subject)
		if err != nil || len(mine) != 1 || story(&mine[0]) != "submitted accepted" || mine[0].Form.Address != a.Form.Address {
			t.Fatal(len(mine), err)
		}
		if other, err := w.Mine(ctx, "oid-99"); err != nil || len(other) != 0 {
			t.Fatal("a stranger sees applications", err)
		}
	})
}

func TestARejectionSaysItsReason(t *testing.T) {
	for want, change := range map[string]func(w *world, i int) (*applications.Application, error){
		"submitted rejected(citizenship)": func(w *world, i int) (*applications.Application, error) {
			a := account(i)
			a.Person.Citizenship = "KAZ"
			return w.File(ctx, a, form(i))
		},
		"submitted rejected(age)": func(w *world, i int) (*applications.Application, error) {
			a := account(i)
			a.Person.BirthDate = "2008-09-21" // 18 on the day after the voting day
			return w.File(ctx, a, form(i))
		},
		"submitted rejected(residence)": func(w *world, i int) (*applications.Application, error) {
			a := account(i)
			a.Person.Address = "Тверь, ул. Новая, 1"
			return w.File(ctx, a, form(i))
		},
		"submitted rejected(late)": func(w *world, i int) (*applications.Application, error) {
			w.at = closes
			return w.File(ctx, account(i), form(i))
		},
		"submitted rejected(territory)": func(w *world, i int) (*applications.Application, error) {
			if err := w.confirm(2, form(2).Phone); err != nil {
				return nil, err
			}
			return w.File(ctx, account(2), form(2))
		},
		"submitted rejected(data)[document]": func(w *world, i int) (*applications.Application, error) {
			a := account(i)
			a.Person.Document = "4599000000"
			return w.File(ctx, a, form(i))
		},
		"submitted rejected(data)": func(w *world, i int) (*applications.Application, error) {
			// The portal vouches for nothing: which field differs is not told.
			a, f := account(i), form(i)
			f.Person = applications.Prefill(a).Person
			f.Document, f.Citizenship, a.Person = "4599000000", "RUS", nil
			return w.File(ctx, a, f)
		},
		"submitted rejected(data)[address]": func(w *world, i int) (*applications.Application, error) {
			a := account(i)
			a.Person.Address = ""
			return w.File(ctx, a, form(i))
		},
		"submitted rejected(technical)": func(w *world, i int) (*applications.Application, error) {
			w.forget()
			a, err := w.File(ctx, account(i), form(i))
			if err != nil {
				return nil, err
			}
			return w.Reject(ctx, "clerk", a.Number, applications.Technical)
		},
	} {
		t.Run(want, func(t *testing.T) {
			w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
			w.load(line(0), line(1), line(2))
			if err := w.confirm(0, form(0).Phone); err != nil {
				t.Fatal(err)
			}
			a, err := change(w, 0)
			if err != nil {
				t.Fatal(err)
			}
			if story(a) != want {
				t.Fatalf("%s, want %s", story(a), want)
			}
			last := a.Last()
			if last.Title().RU == "" || last.Next().EN == "" || last.Why().RU == "" || last.Why().EN == "" {
				t.Error("the rejection has no words")
			}
		})
	}
}

func (w *world) forget() {
	if err := electors.New(w.db, w.key, rand.Reader, "2026-09").Forget(ctx); err != nil {
		w.t.Fatal(err)
	}
}

func TestAgeIsReachedOnTheVotingDayItself(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load("Юнг;Анна;;20.09.2008;4500 900000;Москва, ул. Королёва, 9;001\n")
	if err := w.confirm(0, form(0).Phone); err != nil {
		t.Fatal(err)
	}
	a := account(0)
	a.Person.Surname, a.Person.Name, a.Person.Patronymic, a.Person.BirthDate = "Юнг", "Анна", "", "2008-09-20"
	a.Person.Document, a.Person.Address = "4500900000", "Москва, ул. Королёва, 9"
	if got, err := w.File(ctx, a, form(0)); err != nil || got.Status != applications.Accepted {
		t.Fatal(story(got), err)
	}
}

func TestThePortalsDataCannotBeChangedInTheForm(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0), line(1))
	if err := w.confirm(0, form(0).Phone); err != nil {
		t.Fatal(err)
	}
	f := form(0)
	f.Person = applications.Prefill(account(1)).Person
	_, err := w.File(ctx, account(0), f)
	var field *applications.FieldError
	if !errors.As(err, &field) || field.Field != "birth_date" {
		t.Fatalf("got %v", err)
	}
	f = form(0)
	f.Surname = "ИВАНОВ " // the same in another spelling
	if a, err := w.File(ctx, account(0), f); err != nil || a.Form.Surname != "Иванов" {
		t.Fatal(err)
	}
}

func TestWhatCannotBeFiledMakesNoApplication(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0), line(1))
	unconfirmed := account(0)
	unconfirmed.Confirmed = false
	if _, err := w.File(ctx, unconfirmed, form(0)); !errors.Is(err, applications.ErrUnconfirmed) {
		t.Errorf("unconfirmed account: %v", err)
	}
	if _, err := w.File(ctx, account(0), form(0)); !errors.Is(err, applications.ErrPhoneUnconfirmed) {
		t.Errorf("unconfirmed phone: %v", err)
	}
	if err := w.confirm(0, form(0).Phone); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*applications.Form){
		"phone":    func(f *applications.Form) { f.Phone = "12345" },
		"mail":     func(f *applications.Form) { f.Mail = "nobody" },
		"language": func(f *applications.Form) { f.Language = "xx" },
		"surname":  func(f *applications.Form) { f.Surname = "Ива\x00нов" },
	} {
		f := form(0)
		change(&f)
		a := account(0)
		if field == "surname" {
			a.Person.Surname = ""
		}
		_, err := w.File(ctx, a, f)
		var wrong *applications.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	w.at = opens.Add(-time.Millisecond)
	if _, err := w.File(ctx, account(0), form(0)); !errors.Is(err, applications.ErrNotOpen) {
		t.Errorf("before it opens: %v", err)
	}
	w.at = opens
	w.file(0)
	if a, err := w.File(ctx, account(0), form(0)); err != nil || a.Number != 1 || len(a.History) != 2 {
		t.Errorf("the same again, as after a lost answer: %v", err)
	}
	other := form(0)
	other.Mail = "other@example.org"
	if _, err := w.File(ctx, account(0), other); !errors.Is(err, applications.ErrExists) {
		t.Errorf("another one: %v", err)
	}
	if counts, err := w.Counts(ctx); err != nil || len(counts) != 1 || counts[0] != (applications.Count{Status: applications.Accepted, N: 1}) {
		t.Error(counts, err)
	}
}

func TestAPhoneOfAnotherAccountIsRefused(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.load(line(0), line(1))
		// Both showed that they hold the phone before either filed.
		if err := w.confirm(1, form(0).Phone); err != nil {
			t.Fatal(err)
		}
		w.file(0)
		f := form(1)
		f.Phone = form(0).Phone
		if _, err := w.File(ctx, account(1), f); !errors.Is(err, applications.ErrPhoneBound) {
			t.Fatalf("got %v, want ErrPhoneBound", err)
		}
		if err := w.confirm(1, "8 (900) 000-00-00"); !errors.Is(err, applications.ErrPhoneBound) {
			t.Fatalf("in another spelling: got %v, want ErrPhoneBound", err)
		}
		if _, err := w.Withdraw(ctx, account(0).Subject); err != nil {
			t.Fatal(err)
		}
		if a, err := w.File(ctx, account(1), f); err != nil || a.Status != applications.Accepted {
			t.Fatalf("the phone is free again: %v", err)
		}
	})
}

func TestTwoAccountsForOneElectorAreTold(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0))
	w.file(0)
	if err := w.confirm(5, form(5).Phone); err != nil {
		t.Fatal(err)
	}
	other := account(0)
	other.Subject = account(5).Subject
	if a, err := w.File(ctx, other, form(5)); err != nil || story(a) != "submitted rejected(duplicate)" {
		t.Fatal(err)
	}
}

func TestCorrectionRefilingAndWithdrawalAreKeptInTheHistory(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.load(line(0))
		if err := w.confirm(0, form(0).Phone); err != nil {
			t.Fatal(err)
		}
		wrong := account(0)
		wrong.Person.Document = "4599999999"
		first, err := w.File(ctx, wrong, form(0))
		if err != nil {
			t.Fatal(err)
		}
		w.at = w.at.Add(time.Hour)
		a, err := w.Correct(ctx, account(0), form(0)) // corrected at the portal
		if err != nil || a.Number != first.Number || story(a) != "submitted rejected(data)[document] submitted accepted" {
			t.Fatal(story(a), err)
		}
		other := form(0)
		other.Mail = "new@example.org"
		if a, err = w.Correct(ctx, account(0), other); err != nil || a.Form.Mail != "new@example.org" || a.Status != applications.Accepted {
			t.Fatal(err)
		}
		if _, err := w.Correct(ctx, wrong, form(0)); err == nil {
			t.Fatal("an accepted application changed its person")
		}
		if a, err = w.Withdraw(ctx, account(0).Subject); err != nil || a.Status != applications.Withdrawn {
			t.Fatal(err)
		}
		if again, err := w.Withdraw(ctx, account(0).Subject); err != nil || len(again.History) != len(a.History) {
			t.Fatalf("withdrawn twice: %v", err)
		}
		if _, err := w.Correct(ctx, account(0), form(0)); !errors.Is(err, applications.ErrNone) {
			t.Fatalf("corrected after withdrawal: %v", err)
		}
		again, err := w.File(ctx, account(0), form(0))
		if err != nil || again.Number == first.Number || again.Status != applications.Accepted {
			t.Fatal(err)
		}
		mine, err := w.Mine(ctx, account(0).Subject)
		if err != nil || len(mine) != 2 || mine[0].Number != again.Number || len(mine[1].History) != 6 {
			t.Fatal(len(mine), err)
		}
	})
}

func TestWithoutARegisterApplicationsWaitAndAreDecidedLater(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		for i := range 4 {
			if a := w.file(i); story(a) != "submitted" {
				t.Fatal(story(a))
			}
		}
		w.load(line(0), line(1), line(2))
		done, err := w.Decide(ctx, "clerk")
		if err != nil || done != (applications.Decided{Accepted: 2, Rejected: 2}) {
			t.Fatal(done, err)
		}
		if done, err := w.Decide(ctx, "clerk"); err != nil || done != (applications.Decided{}) {
			t.Fatal(done, err)
		}
		if n, _, err := journal.Holds(ctx, db, 0, [32]byte{}); err != nil || n != 1 {
			t.Fatal("acts in the journal:", n, err)
		}
	})
}

// However many come at once, on several replicas: an account has one application
// that counts, a phone one account, an elector one account.
func TestAtOnceOnReplicasOneCounts(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		w := newWorld(t, databasetest.Open(t, where))
		replicas := []*applications.Register{w.Register, w.replica(databasetest.Open(t, where))}
		w.load(line(0))
		phone := form(0).Phone
		for i := range 4 {
			if err := w.confirm(i, phone); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				a, f := account(0), form(i)
				a.Subject, f.Phone = account(i/2).Subject, phone
				_, err := replicas[i%2].File(ctx, a, f)
				if err != nil && !errors.Is(err, applications.ErrExists) && !errors.Is(err, applications.ErrPhoneBound) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		counts, err := w.Counts(ctx)
		if err != nil || len(counts) != 1 || counts[0].N != 1 {
			t.Fatal(counts, err)
		}
	})
}

func TestNothingOfAnApplicantIsPrintedOrStoredInClear(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0))
	a := w.file(0)
	if text := fmt.Sprintf("%v %+v %s", a, *a, a.Form); text != "[application] [application] [application form]" {
		t.Error(text)
	}
	err := w.db.View(ctx, func(tx *database.Tx) error {
		var sealed []byte
		if err := tx.Row("SELECT sealed FROM application").Scan(&sealed); err != nil {
			return err
		}
		for _, private := range []string{"Иванов", "+7900", "oid-0", "example"} {
			if strings.Contains(string(sealed), private) {
				t.Errorf("%q stands in the row", private)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
