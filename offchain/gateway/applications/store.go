package applications

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// Purposes under which the vault seals and hashes.
const (
	sealPurpose    = "application"
	slipPurpose    = "application/slip"
	subjectPurpose = "application/subject"
	phonePurpose   = "application/phone"
	codePurpose    = "application/confirmation"
)

// Register is the register of applications of one campaign. It is safe for
// concurrent use; replicas share its database.
type Register struct {
	db       *database.DB
	key      vault.Key
	electors *electors.Register
	campaign Campaign
	now      func() time.Time
	random   io.Reader
}

// New opens the register of a campaign.
func New(db *database.DB, key vault.Key, campaign Campaign, now func() time.Time, random io.Reader) (*Register, error) {
	if err := campaign.Check(); err != nil {
		return nil, err
	}
	return &Register{
		db: db, key: key, campaign: campaign, now: now, random: random,
		electors: electors.New(db, key, random, campaign.Name),
	}, nil
}

// Campaign of the register.
func (r *Register) Campaign() Campaign { return r.campaign }

// ErrClosed: the voters of a formed list are those of its register.
var ErrClosed = errors.New("the list is formed: its voter register is not replaced any more")

// ImportElectors takes over a voter register, see electors.Register.Import, as
// long as the list is not formed.
func (r *Register) ImportElectors(ctx context.Context, from electors.Source, also func(tx *database.Tx, electors int) error) (int, error) {
	if err := r.db.View(ctx, r.importable); err != nil {
		return 0, fmt.Errorf("import voter register: %w", err)
	}
	return r.electors.Import(ctx, from, func(tx *database.Tx, electors int) error {
		if err := r.importable(tx); err != nil { // it was formed meanwhile
			return fmt.Errorf("import voter register: %w", err)
		}
		return also(tx, electors)
	})
}

func (r *Register) importable(tx *database.Tx) error {
	s, err := r.state(tx)
	switch {
	case err != nil:
		return err
	case !s.erased.IsZero():
		return ErrErased
	case !s.formed.IsZero():
		return ErrClosed
	}
	return nil
}

// state of the campaign.
type state struct {
	formed, erased time.Time
}

func (r *Register) state(tx *database.Tx) (s state, err error) {
	var formed, erased int64
	err = tx.Row("SELECT formed_ms, erased_ms FROM application_campaign WHERE campaign = ?", r.campaign.Name).Scan(&formed, &erased)
	if errors.Is(err, sql.ErrNoRows) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("read campaign: %w", err)
	}
	if formed != 0 {
		s.formed = time.UnixMilli(formed)
	}
	if erased != 0 {
		s.erased = time.UnixMilli(erased)
	}
	return s, nil
}

// nextNumber counts applications from 1.
func (r *Register) nextNumber(tx *database.Tx) (n Number, err error) {
	err = tx.Row(`INSERT INTO application_campaign (campaign, last_number, formed_ms, erased_ms) VALUES (?, 1, 0, 0)
		ON CONFLICT (campaign) DO UPDATE SET last_number = application_campaign.last_number + 1 RETURNING last_number`, r.campaign.Name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number an application: %w", err)
	}
	return n, nil
}

// record is an application as it is kept.
type record struct {
	Number  Number
	Subject string
	Form
	// Attested: the portal vouches for names, date of birth and document.
	Attested  bool
	Status    Status
	Territory string
	elector   []byte
}

// Format prints a redaction for every verb.
func (record) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[application]") }

// sealed is the part of a record that is sealed.
type sealed struct {
	Subject     string `json:"subject"`
	Surname     string `json:"surname"`
	Name        string `json:"name"`
	Patronymic  string `json:"patronymic,omitempty"`
	BirthDate   string `json:"birth_date"`
	Document    string `json:"document"`
	Address     string `json:"address"`
	Citizenship string `json:"citizenship,omitempty"`
	Phone       string `json:"phone"`
	Mail        string `json:"mail,omitempty"`
	Language    string `json:"language"`
	Attested    bool   `json:"attested,omitempty"`
	Territory   string `json:"territory,omitempty"`
}

func (r *Register) sealID(n Number) []byte { return []byte(r.campaign.Name + "\n" + n.String()) }

func (r *Register) seal(c *record) ([]byte, error) {
	plain, err := json.Marshal(sealed{
		Subject: c.Subject, Surname: c.Surname, Name: c.Name, Patronymic: c.Patronymic, BirthDate: c.BirthDate,
		Document: c.Document, Address: c.Address, Citizenship: c.Citizenship, Phone: c.Phone, Mail: c.Mail,
		Language: string(c.Language), Attested: c.Attested, Territory: c.Territory,
	})
	if err != nil {
		return nil, fmt.Errorf("seal application: %w", err)
	}
	return r.key.Seal(sealPurpose, r.sealID(c.Number), plain), nil
}

func (r *Register) open(n Number, status Status, b []byte) (*record, error) {
	plain, err := r.key.Open(sealPurpose, r.sealID(n), b)
	if err != nil {
		return nil, fmt.Errorf("open application %s: %w", n, err)
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, fmt.Errorf("open application %s: not what was sealed", n)
	}
	return &record{
		Number: n, Subject: s.Subject, Status: status, Attested: s.Attested, Territory: s.Territory,
		Form: Form{
			Person: electors.Person{Surname: s.Surname, Name: s.Name, Patronymic: s.Patronymic, BirthDate: s.BirthDate, Document: s.Document, Address: s.Address},
			Phone:  s.Phone, Mail: s.Mail, Citizenship: s.Citizenship, Language: texts.Language(s.Language),
		},
	}, nil
}

func (r *Register) subjectIndex(subject string) [32]byte {
	return r.key.Index(subjectPurpose, r.campaign.Name+"\n"+subject)
}

func (r *Register) phoneIndex(phone string) [32]byte {
	return r.key.Index(phonePurpose, r.campaign.Name+"\n"+phone)
}

// put writes a record and the event that made it so.
func (r *Register) put(tx *database.Tx, c *record, e Event) error {
	b, err := r.seal(c)
	if err != nil {
		return err
	}
	subject, phone := r.subjectIndex(c.Subject), r.phoneIndex(c.Phone)
	var elector any // NULL where there is none
	if c.elector != nil {
		elector = c.elector
	}
	_, err = tx.Exec(`INSERT INTO application (campaign, number, subject, phone, elector, status, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (campaign, number) DO UPDATE SET phone = excluded.phone, elector = excluded.elector, status = excluded.status, sealed = excluded.sealed`,
		r.campaign.Name, c.Number, subject[:], phone[:], elector, c.Status, b)
	if err != nil {
		return fmt.Errorf("write application: %w", err)
	}
	return r.note(tx, c.Number, e)
}

// note appends to an application's history.
func (r *Register) note(tx *database.Tx, n Number, e Event) error {
	var last int64
	if err := tx.Row("SELECT COALESCE(MAX(seq), 0) FROM application_event WHERE campaign = ? AND number = ?", r.campaign.Name, n).Scan(&last); err != nil {
		return fmt.Errorf("read history of an application: %w", err)
	}
	_, err := tx.Exec("INSERT INTO application_event (campaign, number, seq, at_ms, status, reason, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
		r.campaign.Name, n, last+1, e.At.UnixMilli(), e.Status, string(e.Reason), joinFields(e.Fields))
	if err != nil {
		return fmt.Errorf("write history of an application: %w", err)
	}
	return nil
}
