package journal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// Entry is one act.
type Entry struct {
	// TimeMS, Unix milliseconds.
	TimeMS int64 `json:"time_ms"`
	// Actor is who did it: an account of the machine or a member of staff.
	Actor string `json:"actor"`
	// Action is what was done, such as "people import".
	Action string `json:"action"`
	// Object is to what: an election, a file's hash, a count. Never a voter.
	Object string `json:"object"`
}

// Row is an entry as it stands in the journal.
type Row struct {
	Seq int64 `json:"seq"`
	Entry
	Hash [32]byte `json:"-"`
}

// maxField is the longest actor, action or object in bytes.
const maxField = 1000

// ErrBroken: the journal is not what was written.
var ErrBroken = errors.New("journal was changed")

// Append adds an entry within a transaction, so that act and entry are durable
// together.
func Append(tx *database.Tx, e Entry) error {
	for name, text := range map[string]string{"actor": e.Actor, "action": e.Action, "object": e.Object} {
		if len(text) > maxField || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("append to journal: %s must be one line of text of at most %d bytes", name, maxField)
		}
	}
	if e.Actor == "" || e.Action == "" {
		return errors.New("append to journal: actor and action must be named")
	}
	last, err := last(tx)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	r := Row{Seq: last.Seq + 1, Entry: e}
	r.Hash = r.chain(last.Hash)
	_, err = tx.Exec("INSERT INTO journal (seq, time_ms, actor, action, object, hash) VALUES (?, ?, ?, ?, ?, ?)",
		r.Seq, e.TimeMS, e.Actor, e.Action, e.Object, r.Hash[:])
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

func last(tx *database.Tx) (Row, error) {
	var r Row
	var hash []byte
	err := tx.Row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").Scan(&r.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, nil
	}
	if err != nil {
		return Row{}, err
	}
	copy(r.Hash[:], hash)
	return r, nil
}

// chain gives the row's hash.
func (r Row) chain(before [32]byte) [32]byte {
	b := append([]byte("urna/v1/journal"), before[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.TimeMS))
	for _, field := range []string{r.Actor, r.Action, r.Object} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(field)))
		b = append(b, field...)
	}
	return sha256.Sum256(b)
}

// Read shows each row in order to a function, from a number on.
func Read(ctx context.Context, db *database.DB, from int64, show func(Row) error) error {
	return db.View(ctx, func(tx *database.Tx) error {
		rows, err := tx.Rows("SELECT seq, time_ms, actor, action, object, hash FROM journal WHERE seq >= ? ORDER BY seq", from)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var r Row
			var hash []byte
			if err := rows.Scan(&r.Seq, &r.TimeMS, &r.Actor, &r.Action, &r.Object, &hash); err != nil {
				return fmt.Errorf("read journal: %w", err)
			}
			if copy(r.Hash[:], hash) != len(r.Hash) || len(hash) != len(r.Hash) {
				return fmt.Errorf("row %d: hash has %d bytes: %w", r.Seq, len(hash), ErrBroken)
			}
			if err := show(r); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		return nil
	})
}

// Holds recomputes the chain and says whether it passes through a head noted
// earlier: nothing up to there was changed since. The head of no rows is zero. It
// returns how many rows there are and the last one's hash; or ErrBroken with the
// first row that does not follow.
func Holds(ctx context.Context, db *database.DB, count int64, noted [32]byte) (n int64, head [32]byte, err error) {
	held := count == 0 && noted == [32]byte{}
	err = Read(ctx, db, -1<<63, func(r Row) error {
		if r.Seq != n+1 {
			return fmt.Errorf("row %d follows row %d: %w", r.Seq, n, ErrBroken)
		}
		if r.Hash != r.chain(head) {
			return fmt.Errorf("row %d does not follow from its content and the row before: %w", r.Seq, ErrBroken)
		}
		n, head = r.Seq, r.Hash
		held = held || (n == count && head == noted)
		return nil
	})
	if err == nil && !held {
		err = fmt.Errorf("row %d is not the one that was noted (%x): %w", count, noted, ErrBroken)
	}
	return n, head, err
}
