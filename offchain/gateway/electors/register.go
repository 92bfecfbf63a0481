package electors

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// Purposes under which the vault seals and hashes.
const (
	sealPurpose     = "elector"
	identityPurpose = "elector/identity"
	documentPurpose = "elector/document"
	personPurpose   = "elector/person"
)

// batch is how many electors one transaction writes: others wait for no longer.
const batch = 2000

// ErrNoRegister: nothing was imported for the campaign yet.
var ErrNoRegister = errors.New("the voter register was not imported yet")

// ErrOtherImport: another import of the campaign ran meanwhile.
var ErrOtherImport = errors.New("another import of this register ran meanwhile; start again")

// Register is the voter register of one campaign.
type Register struct {
	db       *database.DB
	key      vault.Key
	random   io.Reader
	campaign string
}

// New opens the register of a campaign.
func New(db *database.DB, key vault.Key, random io.Reader, campaign string) *Register {
	return &Register{db: db, key: key, random: random, campaign: campaign}
}

// Source is what an import reads.
type Source struct {
	File        io.Reader
	Encoding    Encoding
	Territories map[string]Territory
}

// Import takes over a whole register in place of the one before, or nothing.
// A refused file gives *BadLines. What also writes is part of the import's last
// transaction: it may run more than once.
func (r *Register) Import(ctx context.Context, from Source, also func(tx *database.Tx, electors int) error) (electors int, err error) {
	lines, err := newReader(from.File, from.Encoding)
	if err != nil {
		return 0, err
	}
	was, err := r.generation(ctx)
	if err != nil {
		return 0, err
	}
	// A random number: rows of two imports that run at once do not mix.
	var drawn [8]byte
	if _, err := io.ReadFull(r.random, drawn[:]); err != nil {
		return 0, fmt.Errorf("draw generation of the register: %w", err)
	}
	next := int64(binary.BigEndian.Uint64(drawn[:]) >> 2)
	if err := r.drop(ctx, was); err != nil {
		return 0, err
	}
	if electors, err = r.write(ctx, lines, next, from.Territories); err == nil {
		err = r.count(was, next, electors, from.Territories, also)
	}
	if err != nil {
		return 0, errors.Join(err, r.drop(context.WithoutCancel(ctx), was))
	}
	return electors, r.drop(ctx, next)
}

// generation that counts, 0 if none.
func (r *Register) generation(ctx context.Context) (generation int64, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		generation, _, err = r.current(tx)
		if errors.Is(err, ErrNoRegister) {
			generation, err = 0, nil
		}
		return err
	})
	return generation, err
}

// Generation tells one import from another; ErrNoRegister before the first.
func (r *Register) Generation(tx *database.Tx) (int64, error) {
	generation, _, err := r.current(tx)
	return generation, err
}

func (r *Register) current(tx *database.Tx) (generation int64, territories map[string]Territory, err error) {
	var table []byte
	err = tx.Row("SELECT generation, territories FROM elector_register WHERE campaign = ?", r.campaign).Scan(&generation, &table)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, ErrNoRegister
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read voter register: %w", err)
	}
	if err := json.Unmarshal(table, &territories); err != nil {
		return 0, nil, fmt.Errorf("read territories: %w", err)
	}
	return generation, territories, nil
}

// drop removes the rows of every generation but one.
func (r *Register) drop(ctx context.Context, but int64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var dropped int64
		err := r.db.Update(func(tx *database.Tx) (err error) {
			dropped, err = tx.Exec(`DELETE FROM elector WHERE campaign = ? AND generation <> ? AND identity IN
				(SELECT identity FROM elector WHERE campaign = ? AND generation <> ? LIMIT ?)`, r.campaign, but, r.campaign, but, batch)
			return err
		})
		if err != nil {
			return fmt.Errorf("drop replaced voter register: %w", err)
		}
		if dropped == 0 {
			return nil
		}
	}
}

// row of the table.
type row struct {
	identity, document, person [32]byte
	sealed                     []byte
}

// write stores all electors under a generation that does not count yet. After
// the first bad line it only looks for others.
func (r *Register) write(ctx context.Context, lines *reader, generation int64, territories map[string]Territory) (int, error) {
	bad := &BadLines{What: "register file"}
	// Keyed hashes stand for persons: a register of millions fits.
	identities, documents := map[[16]byte]int{}, map[[16]byte]int{}
	rows := make([]row, 0, batch)
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		e, line, err := lines.next(territories)
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *lineError
		if errors.As(err, &wrong) {
			bad.add(line, wrong.reason)
			if wrong.last {
				break
			}
			continue
		}
		next, err := r.row(e)
		if err != nil {
			return 0, err
		}
		if reason := twice(next, line, identities, documents); reason != "" {
			bad.add(line, reason)
			continue
		}
		if len(bad.Lines) > 0 {
			continue
		}
		if rows = append(rows, next); len(rows) == batch {
			if err := r.store(rows, generation); err != nil {
				return 0, err
			}
			rows = rows[:0]
		}
	}
	if err := bad.err(); err != nil {
		return 0, err
	}
	if len(identities) == 0 {
		return 0, errors.New("register file: no elector")
	}
	return len(identities), r.store(rows, generation)
}

// twice says why a line repeats another, or notes it.
func twice(n row, line int, identities, documents map[[16]byte]int) string {
	identity, document := [16]byte(n.identity[:16]), [16]byte(n.document[:16])
	if first, seen := identities[identity]; seen {
		return fmt.Sprintf("the same person is on line %d", first)
	}
	if first, seen := documents[document]; seen {
		return fmt.Sprintf("document: it is on line %d under other names or another date of birth", first)
	}
	identities[identity], documents[document] = line, line
	return ""
}

func (r *Register) row(e Elector) (row, error) {
	n := r.hashes(e.Person)
	plain, err := encode(e)
	if err != nil {
		return row{}, err
	}
	n.sealed = r.key.Seal(sealPurpose, r.sealID(n.identity), plain)
	return n, nil
}

func (r *Register) hashes(p Person) row {
	p = p.normal()
	person := strings.Join([]string{p.Surname, p.Name, p.Patronymic, p.BirthDate}, "\n")
	return row{
		identity: r.key.Index(identityPurpose, r.campaign+"\n"+person+"\n"+p.Document),
		document: r.key.Index(documentPurpose, r.campaign+"\n"+p.Document),
		person:   r.key.Index(personPurpose, r.campaign+"\n"+person),
	}
}

func (r *Register) sealID(identity [32]byte) []byte {
	return append([]byte(r.campaign+"\n"), identity[:]...)
}

func (r *Register) store(rows []row, generation int64) error {
	if len(rows) == 0 {
		return nil
	}
	err := r.db.Update(func(tx *database.Tx) error {
		for i := range rows {
			_, err := tx.Exec("INSERT INTO elector (campaign, generation, identity, document, person, sealed) VALUES (?, ?, ?, ?, ?, ?)",
				r.campaign, generation, rows[i].identity[:], rows[i].document[:], rows[i].person[:], rows[i].sealed)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write electors: %w", err)
	}
	return nil
}

// count makes a generation the one that counts, if none did meanwhile.
func (r *Register) count(was, next int64, electors int, territories map[string]Territory, also func(*database.Tx, int) error) error {
	table, err := json.Marshal(territories)
	if err != nil {
		return fmt.Errorf("write territories: %w", err)
	}
	return r.db.Update(func(tx *database.Tx) error {
		now, _, err := r.current(tx)
		if err != nil && !errors.Is(err, ErrNoRegister) {
			return err
		}
		if now != was {
			return ErrOtherImport
		}
		var stored int64
		if err := tx.Row("SELECT count(*) FROM elector WHERE campaign = ? AND generation = ?", r.campaign, next).Scan(&stored); err != nil {
			return fmt.Errorf("count electors: %w", err)
		}
		if stored != int64(electors) {
			return ErrOtherImport
		}
		_, err = tx.Exec(`INSERT INTO elector_register (campaign, generation, electors, territories) VALUES (?, ?, ?, ?)
			ON CONFLICT (campaign) DO UPDATE SET generation = excluded.generation, electors = excluded.electors, territories = excluded.territories`,
			r.campaign, next, electors, table)
		if err != nil {
			return fmt.Errorf("write voter register: %w", err)
		}
		return also(tx, electors)
	})
}

// Forget removes the whole register of the campaign. The space is given back
// with database.Compact.
func (r *Register) Forget(ctx context.Context) error {
	err := r.db.Update(func(tx *database.Tx) error {
		_, err := tx.Exec("DELETE FROM elector_register WHERE campaign = ?", r.campaign)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget voter register: %w", err)
	}
	return r.drop(ctx, -1) // no generation has this number
}

// Size is how many electors the register has.
func (r *Register) Size(ctx context.Context) (electors int64, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		err := tx.Row("SELECT electors FROM elector_register WHERE campaign = ?", r.campaign).Scan(&electors)
		if errors.Is(err, sql.ErrNoRows) {
			electors, err = 0, nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count electors: %w", err)
	}
	return electors, nil
}

// Territories of the register, by code.
func (r *Register) Territories(ctx context.Context) (found []Territory, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		_, table, err := r.current(tx)
		found = nil
		for _, code := range slices.Sorted(maps.Keys(table)) {
			found = append(found, table[code])
		}
		return err
	})
	return found, err
}

// stored is an elector as it is sealed.
type stored struct {
	Surname    string `json:"s"`
	Name       string `json:"n"`
	Patronymic string `json:"p,omitempty"`
	BirthDate  string `json:"b"`
	Document   string `json:"d"`
	Address    string `json:"a"`
	Territory  string `json:"t"`
}

func encode(e Elector) ([]byte, error) {
	b, err := json.Marshal(stored{Surname: e.Surname, Name: e.Name, Patronymic: e.Patronymic, BirthDate: e.BirthDate,
		Document: e.Document, Address: e.Address, Territory: e.Territory})
	if err != nil {
		return nil, fmt.Errorf("seal elector: %w", err)
	}
	return b, nil
}

func (r *Register) open(identity [32]byte, sealed []byte) (Elector, error) {
	plain, err := r.key.Open(sealPurpose, r.sealID(identity), sealed)
	if err != nil {
		return Elector{}, fmt.Errorf("open elector: %w", err)
	}
	var s stored
	if err := json.Unmarshal(plain, &s); err != nil {
		return Elector{}, errors.New("open elector: not what was sealed")
	}
	return Elector{Person: Person{Surname: s.Surname, Name: s.Name, Patronymic: s.Patronymic, BirthDate: s.BirthDate,
		Document: s.Document, Address: s.Address}, Territory: s.Territory}, nil
}
