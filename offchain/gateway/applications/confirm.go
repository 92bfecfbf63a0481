package applications

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications/confirmation"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/slip"
)

// Confirmation draws an account's application as PDF: the newest, or the one
// with a number. The same application in the same state gives the same bytes.
func (r *Register) Confirmation(ctx context.Context, subject string, n Number, l texts.Language) ([]byte, error) {
	all, err := r.Mine(ctx, subject)
	if err != nil {
		return nil, err
	}
	at := 0
	if n != 0 {
		at = slices.IndexFunc(all, func(a Application) bool { return a.Number == n })
	}
	if at < 0 || len(all) == 0 {
		return nil, ErrNone
	}
	return confirmation.PDF(r.document(&all[at], l))
}

func (r *Register) document(a *Application, l texts.Language) confirmation.Document {
	last := a.Last()
	d := confirmation.Document{
		Language: string(l), Organisation: r.campaign.Organisation.In(l), Campaign: r.campaign.Title.In(l),
		Number: a.Number.String(), Zone: r.zone(last.At), At: last.At,
		Filed: r.clock(a.filed(), l) + " (" + r.zone(a.filed()) + ")", AsOf: r.clock(last.At, l) + " (" + r.zone(last.At) + ")",
		Status: last.Status.Title().In(l), Next: last.Next().In(l), Code: r.code(a, last),
	}
	if last.Status == Rejected {
		d.Reason = last.Why().In(l)
	}
	add := func(ru, en, value string) {
		if value != "" {
			d.Applicant = append(d.Applicant, confirmation.Row{Label: texts.Both{RU: ru, EN: en}.In(l), Value: value})
		}
	}
	f := &a.Form
	add("Фамилия, имя, отчество", "Names", strings.Join(strings.Fields(f.Surname+" "+f.Name+" "+f.Patronymic), " "))
	add("Дата рождения", "Date of birth", day(f.BirthDate, l))
	add("Документ", "Document", masked(f.Document, 3))
	add("Адрес", "Address", f.Address)
	add("Телефон", "Phone", masked(f.Phone, 4))
	add("Электронная почта", "Mail", f.Mail)
	for _, e := range a.History {
		d.History = append(d.History, confirmation.Step{At: r.clock(e.At, l), What: e.Status.Title().In(l), Why: e.Why().In(l)})
	}
	return d
}

// filed is when the application was last submitted.
func (a *Application) filed() time.Time {
	at := a.History[0].At
	for _, e := range a.History {
		if e.Status == Submitted {
			at = e.At
		}
	}
	return at
}

// Why is the reason of a rejection with the fields it is about, or what was
// changed without another verdict.
func (e Event) Why() texts.Both {
	var why texts.Both
	switch {
	case e.Status == Rejected:
		why = e.Reason.Title()
	case len(e.Fields) > 0:
		why = texts.Both{RU: "Изменено", EN: "Changed"}
	}
	var ru, en []string
	for _, f := range e.Fields {
		ru, en = append(ru, fieldWords[f].RU), append(en, fieldWords[f].EN)
	}
	if len(ru) > 0 {
		why.RU += ": " + strings.Join(ru, ", ")
		why.EN += ": " + strings.Join(en, ", ")
	}
	return why
}

// clock writes a time.
func (r *Register) clock(at time.Time, l texts.Language) string {
	if l == texts.Russian {
		return at.In(r.campaign.Zone).Format("02.01.2006 15:04:05")
	}
	return at.In(r.campaign.Zone).Format("2 January 2006 15:04:05")
}

// zone of a time as an offset from UTC.
func (r *Register) zone(at time.Time) string {
	_, offset := at.In(r.campaign.Zone).Zone()
	zone := fmt.Sprintf("UTC%+d", offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		zone += fmt.Sprintf(":%02d", max(minutes, -minutes))
	}
	return zone
}

func day(date string, l texts.Language) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	if l == texts.Russian {
		return at.Format("02.01.2006")
	}
	return at.Format("2 January 2006")
}

// masked hides all letters and digits but the first two and the last few.
func masked(text string, last int) string {
	runes := []rune(text)
	for i, c := range runes {
		if i >= 2 && i < len(runes)-last && c != ' ' {
			runes[i] = '•'
		}
	}
	return string(runes)
}

// Code is what the confirmation of an application's present state shows.
func (r *Register) Code(a *Application) string { return r.code(a, a.Last()) }

// code by which the registrar knows a confirmation as its own.
func (r *Register) code(a *Application, e Event) string {
	f := &a.Form
	said := []string{r.campaign.Name, a.Number.String(), e.Status.String(), string(e.Reason), fmt.Sprint(e.At.UnixMilli()), f.Surname, f.Name, f.Patronymic, f.BirthDate}
	mac := r.key.Index(codePurpose, strings.Join(said, "\n"))
	return slip.CodeFromBytes([slip.CodeSize]byte(mac[:slip.CodeSize])).Reveal()
}

// ErrNotOurs: no application had this state and code.
var ErrNotOurs = errors.New("the confirmation is not of this register, or a character of number or code is wrong")

// CheckConfirmation finds the state that a confirmation tells of, by number and
// code, and the state that holds now.
func (r *Register) CheckConfirmation(ctx context.Context, n Number, typed string) (told, now Event, err error) {
	code, err := slip.ParseCode(typed)
	if err != nil {
		return told, now, ErrNotOurs
	}
	err = r.db.View(ctx, func(tx *database.Tx) error {
		found, err := r.records(tx, "number = ?", n)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotOurs
		}
		a, err := r.application(tx, found[0])
		if err != nil {
			return err
		}
		now = a.Last()
		for _, e := range a.History {
			if hmac.Equal([]byte(r.code(a, e)), []byte(code.Reveal())) {
				told = e
				return nil
			}
		}
		return ErrNotOurs
	})
	return told, now, err
}
