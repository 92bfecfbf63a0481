package applications

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/login"
)

// How often an account may file in a campaign, and how long the history of an
// application grows by corrections.
const (
	maxApplications = 20
	maxEvents       = 100
)

// Refusals of a request; nothing was changed.
var (
	// ErrUnconfirmed: the portal did not check who the account's owner is.
	ErrUnconfirmed = errors.New("the account at the portal is not a confirmed one")
	// ErrNotOpen: applications are not taken yet.
	ErrNotOpen = errors.New("applications are not taken yet")
	// ErrFormed: the list is formed or the time to apply is over.
	ErrFormed = errors.New("the time to change an application is over")
	// ErrExists: the account has one that is submitted or accepted.
	ErrExists = errors.New("there is an application already")
	// ErrNone: the account has none with which this can be done.
	ErrNone = errors.New("there is no application with which this can be done")
	// ErrTooMany: the account filed or corrected as often as an account may.
	ErrTooMany = errors.New("too many applications of one account")
	// ErrPhoneUnconfirmed: the phone was not confirmed by a code.
	ErrPhoneUnconfirmed = errors.New("the phone was not confirmed by a code")
	// ErrPhoneBound: the phone stands in another account's application.
	ErrPhoneBound = errors.New("the phone stands in the application of another account")
	// ErrErased: the campaign's data were erased.
	ErrErased = errors.New("the campaign is over and its data were erased")
)

// ConfirmPhone notes that an account has shown a phone to be its own: a code that
// was sent there came back. It is part of the transaction that judged the code.
func (r *Register) ConfirmPhone(tx *database.Tx, subject, phone string) error {
	phone, err := NormalPhone(phone)
	if err != nil {
		return &FieldError{FieldPhone, err.Error()}
	}
	if err := r.phoneFree(tx, subject, phone); err != nil {
		return err
	}
	account, number := r.subjectIndex(subject), r.phoneIndex(phone)
	_, err = tx.Exec("INSERT INTO application_phone (campaign, subject, phone) VALUES (?, ?, ?) ON CONFLICT (campaign, subject, phone) DO NOTHING",
		r.campaign.Name, account[:], number[:])
	if err != nil {
		return fmt.Errorf("write confirmed phone: %w", err)
	}
	return nil
}

// phoneFree refuses a phone of another account. It is asked only once the phone
// was confirmed: who does not hold a phone learns nothing of it.
func (r *Register) phoneFree(tx *database.Tx, subject, phone string) error {
	account, number := r.subjectIndex(subject), r.phoneIndex(phone)
	var others int
	err := tx.Row("SELECT COUNT(*) FROM application WHERE campaign = ? AND phone = ? AND status IN (1, 2) AND subject <> ?", r.campaign.Name, number[:], account[:]).Scan(&others)
	if err != nil {
		return fmt.Errorf("look for a phone: %w", err)
	}
	if others > 0 {
		return ErrPhoneBound
	}
	return nil
}

// PhoneConfirmed says whether an account has shown a phone to be its own; an
// error is a refusal of ConfirmPhone.
func (r *Register) PhoneConfirmed(tx *database.Tx, subject, phone string) (bool, error) {
	err := r.phoneConfirmed(tx, subject, phone)
	if errors.Is(err, ErrPhoneUnconfirmed) {
		return false, nil
	}
	return err == nil, err
}

func (r *Register) phoneConfirmed(tx *database.Tx, subject, phone string) error {
	account, number := r.subjectIndex(subject), r.phoneIndex(phone)
	var one int
	err := tx.Row("SELECT 1 FROM application_phone WHERE campaign = ? AND subject = ? AND phone = ?", r.campaign.Name, account[:], number[:]).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrPhoneUnconfirmed
	}
	if err != nil {
		return fmt.Errorf("look for a confirmed phone: %w", err)
	}
	return r.phoneFree(tx, subject, phone)
}

// File takes an application, judges it where the voter register is there, and
// returns it with its number. What is refused with a reason is an application
// too; an error is a request that made none. Filed again with the same data, an
// application that counts is given as it is: an answer may have been lost.
func (r *Register) File(ctx context.Context, account login.Account, form Form) (*Application, error) {
	c, err := r.draft(account, form)
	if err != nil {
		return nil, err
	}
	return r.change(ctx, func(tx *database.Tx, s state, now time.Time) (*record, error) {
		if now.Before(r.campaign.Opens) {
			return nil, ErrNotOpen
		}
		all, err := r.of(tx, c.Subject)
		if err != nil {
			return nil, err
		}
		for _, was := range all {
			if was.Status != Submitted && was.Status != Accepted {
				continue
			}
			if was.same(c) {
				return was, nil
			}
			return nil, ErrExists
		}
		if len(all) >= maxApplications {
			return nil, ErrTooMany
		}
		if err := r.phoneConfirmed(tx, c.Subject, c.Phone); err != nil {
			return nil, err
		}
		next := *c
		if next.Number, err = r.nextNumber(tx); err != nil {
			return nil, err
		}
		return &next, r.submit(tx, &next, s, now)
	})
}

// Correct puts other data into the last application, which is submitted or
// rejected, and has it judged anew; of an accepted one phone, mail and language
// alone can be changed.
func (r *Register) Correct(ctx context.Context, account login.Account, form Form) (*Application, error) {
	c, err := r.draft(account, form)
	if err != nil {
		return nil, err
	}
	return r.change(ctx, func(tx *database.Tx, s state, now time.Time) (*record, error) {
		was, err := r.latest(tx, c.Subject)
		switch {
		case err != nil:
			return nil, err
		case was == nil || was.Status == Withdrawn:
			return nil, ErrNone
		case r.late(s, now):
			return nil, ErrFormed
		}
		if err := r.phoneConfirmed(tx, c.Subject, c.Phone); err != nil {
			return nil, err
		}
		var events int
		if err := tx.Row("SELECT COUNT(*) FROM application_event WHERE campaign = ? AND number = ?", r.campaign.Name, was.Number).Scan(&events); err != nil {
			return nil, fmt.Errorf("count history of an application: %w", err)
		}
		if events >= maxEvents {
			return nil, ErrTooMany
		}
		next := *c
		next.Number = was.Number
		if was.Status != Accepted {
			return &next, r.submit(tx, &next, s, now)
		}
		if !next.SameIdentity(was.Person) {
			return nil, &FieldError{fieldPerson, "an accepted application keeps its person: withdraw it and file another"}
		}
		next.Person, next.Citizenship, next.Territory = was.Person, was.Citizenship, was.Territory
		next.elector, next.Status = was.elector, Accepted
		var changed []electors.Field
		for field, differs := range map[electors.Field]bool{FieldPhone: next.Phone != was.Phone, FieldMail: next.Mail != was.Mail, FieldLanguage: next.Language != was.Language} {
			if differs {
				changed = append(changed, field)
			}
		}
		if len(changed) == 0 {
			return was, nil
		}
		slices.Sort(changed)
		return &next, r.put(tx, &next, Event{At: now, Status: Accepted, Fields: changed})
	})
}

// same says whether two records hold the same data of a person.
func (c *record) same(d *record) bool {
	return c.Person == d.Person && c.Citizenship == d.Citizenship && c.Phone == d.Phone && c.Mail == d.Mail && c.Language == d.Language
}

// Withdraw takes the application back. One that was withdrawn is given as it is.
func (r *Register) Withdraw(ctx context.Context, subject string) (*Application, error) {
	return r.change(ctx, func(tx *database.Tx, s state, now time.Time) (*record, error) {
		was, err := r.latest(tx, subject)
		switch {
		case err != nil:
			return nil, err
		case was == nil || was.Status == Rejected:
			return nil, ErrNone
		case was.Status == Withdrawn:
			return was, nil
		case !s.formed.IsZero():
			return nil, ErrFormed
		}
		was.Status, was.elector = Withdrawn, nil
		return was, r.put(tx, was, Event{At: now, Status: Withdrawn})
	})
}

// draft of an application that has no number yet.
func (r *Register) draft(account login.Account, form Form) (*record, error) {
	if !account.Confirmed || account.Subject == "" {
		return nil, ErrUnconfirmed
	}
	if len(account.Subject) > maxContact || strings.ContainsAny(account.Subject, `,"`) || strings.ContainsFunc(account.Subject, unicode.IsControl) {
		return nil, errors.New("the portal names the account in a way that lists for issuers cannot hold")
	}
	f, attested, err := prepare(account, form)
	if err != nil {
		return nil, err
	}
	if field, err := f.Check(); err != nil && !errors.Is(err, electors.ErrEmpty) {
		return nil, &FieldError{string(field), err.Error()}
	}
	return &record{Subject: account.Subject, Form: f, Attested: attested}, nil
}

// late says whether the time to apply is over.
func (r *Register) late(s state, now time.Time) bool {
	return !s.formed.IsZero() || !now.Before(r.campaign.Closes)
}

// change runs a change of one application in a transaction and gives what became
// of it.
func (r *Register) change(ctx context.Context, run func(*database.Tx, state, time.Time) (*record, error)) (out *Application, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = r.db.Update(func(tx *database.Tx) error {
		out = nil
		s, err := r.state(tx)
		if err != nil {
			return err
		}
		if !s.erased.IsZero() {
			return ErrErased
		}
		// Times are kept in milliseconds, and shown as they are kept.
		c, err := run(tx, s, r.now().Truncate(time.Millisecond))
		if err != nil {
			return err
		}
		out, err = r.application(tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
