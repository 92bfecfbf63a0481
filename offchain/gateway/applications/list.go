package applications

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/slip"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Election for which the list is formed.
type Election struct {
	ChainID    string
	ID         [32]byte
	Definition *electionv1.Definition
}

// ErrStillOpen: the time to apply is not over.
var ErrStillOpen = errors.New("applications are still taken: the list is formed once the time to apply is over")

// UndecidedError: the list cannot be formed over some applications.
type UndecidedError struct {
	// Waiting for a verdict.
	Waiting int64
	// Unmatched were accepted and do not match the register any more.
	Unmatched []Number
}

func (e *UndecidedError) Error() string {
	var parts []string
	if e.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%d applications wait for a verdict: import the voter register, then urna-gateway applications decide", e.Waiting))
	}
	if len(e.Unmatched) > 0 {
		shown := e.Unmatched[:min(len(e.Unmatched), 100)]
		parts = append(parts, fmt.Sprintf("%d accepted applications do not match the voter register any more (%v): reject each with urna-gateway applications reject, or mend the register", len(e.Unmatched), shown))
	}
	return "form list: " + strings.Join(parts, "; ")
}

// List is the formed list of an election. It prints as a redaction.
type List struct {
	election Election
	voters   []voter
}

// voter of a list.
type voter struct {
	people.Person
	territory string
	// struck is what the paper list needs to find the person.
	struck []string
}

// Format prints a redaction for every verb.
func (*List) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[list of voters]") }

// Size is how many voters the list has.
func (l *List) Size() int { return len(l.voters) }

// ErrEmpty: nobody could vote by the list.
var ErrEmpty = errors.New("form list: nobody is in it for this election; do the styles of the territories file stand in its definition?")

// Form closes the list for good and gives it. Forming again gives the same one.
// What is refused changes nothing, so that a mended register can be imported.
func (r *Register) Form(ctx context.Context, actor string, e Election) (*List, error) {
	p, err := r.review(ctx, e)
	if err != nil {
		return nil, err
	}
	if err := r.close(actor, e.ID, p); err != nil {
		return nil, err
	}
	if err := r.enrol(ctx, e, p.styleOf); err != nil {
		return nil, err
	}
	return r.list(ctx, e)
}

// Formed says whether the list is formed.
func (r *Register) Formed(ctx context.Context) (formed bool, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		s, err := r.state(tx)
		formed = !s.formed.IsZero()
		return err
	})
	return formed, err
}

// each shows the accepted applications to a function, in the order of their
// numbers, some hundred in one transaction that only reads.
func (r *Register) each(ctx context.Context, show func(*database.Tx, *record) error) error {
	from := Number(0)
	for {
		var accepted []*record
		err := r.db.View(ctx, func(tx *database.Tx) (err error) {
			if accepted, err = r.records(tx, "status = ? AND number > ? ORDER BY number LIMIT ?", Accepted, from, batch); err != nil {
				return err
			}
			for _, c := range accepted {
				if err := show(tx, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(accepted) == 0 {
			return nil
		}
		from = accepted[len(accepted)-1].Number
	}
}

// enrol gives every accepted application that has none its slip. A slip once
// written stays.
func (r *Register) enrol(ctx context.Context, e Election, styleOf map[string]uint32) error {
	var slips []enrolment
	flush := func() error {
		err := r.db.Update(func(tx *database.Tx) error {
			for _, n := range slips {
				_, err := tx.Exec("INSERT INTO enrolment (campaign, election, number, sealed) VALUES (?, ?, ?, ?) ON CONFLICT (campaign, election, number) DO NOTHING",
					r.campaign.Name, e.ID[:], n.number, n.sealed)
				if err != nil {
					return fmt.Errorf("write slip: %w", err)
				}
			}
			return nil
		})
		slips = slips[:0]
		return err
	}
	var waiting []*record
	err := r.each(ctx, func(tx *database.Tx, c *record) error {
		var there int
		if err := tx.Row("SELECT COUNT(*) FROM enrolment WHERE campaign = ? AND election = ? AND number = ?", r.campaign.Name, e.ID[:], c.Number).Scan(&there); err != nil {
			return fmt.Errorf("look for a slip: %w", err)
		}
		if there == 0 {
			waiting = append(waiting, c)
		}
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	for _, c := range waiting {
		style, votes := styleOf[c.Territory]
		if !votes {
			continue // its territory takes no part in this election
		}
		n, err := r.slip(e, c, style)
		if err != nil {
			return err
		}
		if slips = append(slips, n); len(slips) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// styles of an election by territory; a territory that takes no part has none.
func (r *Register) styles(ctx context.Context, e Election) (map[string]uint32, error) {
	numbers := map[string]uint32{}
	for i, s := range e.Definition.Styles {
		numbers[s.Name] = uint32(i)
	}
	territories, err := r.electors.Territories(ctx)
	if err != nil {
		return nil, err
	}
	styleOf := map[string]uint32{}
	for _, t := range territories {
		for _, name := range t.Styles {
			style, known := numbers[name]
			if !known {
				continue
			}
			if _, twice := styleOf[t.Code]; twice {
				return nil, fmt.Errorf("territories: %q has two styles of election %x", t.Code, e.ID[:4])
			}
			styleOf[t.Code] = style
		}
	}
	return styleOf, nil
}

// enrolment is a sealed slip.
type enrolment struct {
	number Number
	sealed []byte
}

func (r *Register) slipID(election [32]byte, n Number) []byte {
	return append(r.sealID(n), election[:]...)
}

// slip draws a voter key and seals the slip.
func (r *Register) slip(e Election, c *record, style uint32) (enrolment, error) {
	key, err := slip.NewVoterKey(r.random)
	if err != nil {
		return enrolment{}, err
	}
	s := &slip.Slip{ChainID: e.ChainID, Election: e.ID, Subject: c.person(), VoterKey: key, Style: style}
	b, err := s.Reveal()
	if err != nil {
		return enrolment{}, err
	}
	return enrolment{number: c.Number, sealed: r.key.Seal(slipPurpose, r.slipID(e.ID, c.Number), b)}, nil
}

// person as the slip names it.
func (c *record) person() string {
	names := strings.Join(strings.Fields(c.Surname+" "+c.Name+" "+c.Patronymic), " ")
	return names + ", " + c.BirthDate + ", " + c.Number.String()
}

// list reads what was enrolled.
func (r *Register) list(ctx context.Context, e Election) (*List, error) {
	l := &List{election: e}
	err := r.each(ctx, func(tx *database.Tx, c *record) error {
		s, err := r.readSlip(tx, e.ID, c.Number)
		if errors.Is(err, ErrNoSlip) {
			return nil
		}
		if err != nil {
			return err
		}
		l.voters = append(l.voters, voter{
			Person:    people.Person{Election: e.ID, Entry: s.Entry(), Style: s.Style, Subject: c.Subject, Phone: c.Phone, Mail: c.Mail, Language: string(c.Language)},
			territory: c.Territory,
			struck:    []string{c.Territory, c.Surname, c.Name, c.Patronymic, c.BirthDate, c.Document, c.Address},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(l.voters, func(a, b voter) int { return bytes.Compare(a.Entry[:], b.Entry[:]) })
	return l, nil
}
