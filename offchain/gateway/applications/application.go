package applications

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
)

// Event is a step of an application.
type Event struct {
	At     time.Time
	Status Status
	Reason Reason
	// Fields that did not match, where the portal vouches for the person; of an
	// accepted application those that were changed.
	Fields []electors.Field
}

// Application is what its applicant sees. It prints as a redaction.
type Application struct {
	Number Number
	Form   Form
	Status Status
	// History, oldest first; the last event is what holds now.
	History []Event
}

// Format prints a redaction for every verb.
func (Application) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[application]") }

// MarshalText refuses.
func (Application) MarshalText() ([]byte, error) {
	return nil, errors.New("an application has no text form")
}

// Last is the event that holds now.
func (a *Application) Last() Event { return a.History[len(a.History)-1] }

func joinFields(fields []electors.Field) string {
	text := make([]string, len(fields))
	for i, f := range fields {
		text[i] = string(f)
	}
	return strings.Join(text, ",")
}

func splitFields(text string) []electors.Field {
	var fields []electors.Field
	for _, f := range strings.Split(text, ",") {
		if f != "" {
			fields = append(fields, electors.Field(f))
		}
	}
	return fields
}

// Mine lists an account's applications, the newest first.
func (r *Register) Mine(ctx context.Context, subject string) (found []Application, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		found = nil
		records, err := r.of(tx, subject)
		if err != nil {
			return err
		}
		for _, c := range records {
			a, err := r.application(tx, c)
			if err != nil {
				return err
			}
			found = append(found, *a)
		}
		return nil
	})
	return found, err
}

// of reads an account's applications, the newest first.
func (r *Register) of(tx *database.Tx, subject string) ([]*record, error) {
	key := r.subjectIndex(subject)
	return r.records(tx, "subject = ? ORDER BY number DESC", key[:])
}

// latest is an account's last application, nil if there is none.
func (r *Register) latest(tx *database.Tx, subject string) (*record, error) {
	key := r.subjectIndex(subject)
	records, err := r.records(tx, "subject = ? ORDER BY number DESC LIMIT 1", key[:])
	if err != nil || len(records) == 0 {
		return nil, err
	}
	return records[0], nil
}

// records reads those of the campaign for which a condition holds.
func (r *Register) records(tx *database.Tx, where string, args ...any) ([]*record, error) {
	rows, err := tx.Rows("SELECT number, status, elector, sealed FROM application WHERE campaign = ? AND "+where, append([]any{r.campaign.Name}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	defer rows.Close()
	var found []*record
	for rows.Next() {
		var n Number
		var status Status
		var elector, b []byte
		if err := rows.Scan(&n, &status, &elector, &b); err != nil {
			return nil, fmt.Errorf("read applications: %w", err)
		}
		c, err := r.open(n, status, b)
		if err != nil {
			return nil, err
		}
		c.elector = elector
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	return found, nil
}

func (r *Register) application(tx *database.Tx, c *record) (*Application, error) {
	rows, err := tx.Rows("SELECT at_ms, status, reason, fields FROM application_event WHERE campaign = ? AND number = ? ORDER BY seq", r.campaign.Name, c.Number)
	if err != nil {
		return nil, fmt.Errorf("read history of an application: %w", err)
	}
	defer rows.Close()
	a := &Application{Number: c.Number, Form: c.Form, Status: c.Status}
	for rows.Next() {
		var at int64
		var e Event
		var fields string
		if err := rows.Scan(&at, &e.Status, &e.Reason, &fields); err != nil {
			return nil, fmt.Errorf("read history of an application: %w", err)
		}
		e.At, e.Fields = time.UnixMilli(at), splitFields(fields)
		a.History = append(a.History, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read history of an application: %w", err)
	}
	if len(a.History) == 0 {
		return nil, fmt.Errorf("application %s has no history", c.Number)
	}
	return a, nil
}

// Count is how many applications have a status and reason.
type Count struct {
	Status Status
	Reason Reason
	N      int64
}

// Counts of the campaign, also of one whose data were erased.
func (r *Register) Counts(ctx context.Context) (counts []Count, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		counts, err = r.counts(tx)
		return err
	})
	return counts, err
}

func (r *Register) counts(tx *database.Tx) ([]Count, error) {
	s, err := r.state(tx)
	if err != nil {
		return nil, err
	}
	query := `SELECT a.status, e.reason, COUNT(*) FROM application a JOIN application_event e ON e.campaign = a.campaign AND e.number = a.number
		WHERE a.campaign = ? AND e.seq = (SELECT MAX(seq) FROM application_event l WHERE l.campaign = a.campaign AND l.number = a.number)
		GROUP BY a.status, e.reason ORDER BY a.status, e.reason`
	if !s.erased.IsZero() {
		query = "SELECT status, reason, n FROM application_count WHERE campaign = ? ORDER BY status, reason"
	}
	rows, err := tx.Rows(query, r.campaign.Name)
	if err != nil {
		return nil, fmt.Errorf("count applications: %w", err)
	}
	defer rows.Close()
	var counts []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Status, &c.Reason, &c.N); err != nil {
			return nil, fmt.Errorf("count applications: %w", err)
		}
		counts = append(counts, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count applications: %w", err)
	}
	return counts, nil
}
