package otp

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// rows is the table in SQL.
type rows struct{ tx *database.Tx }

func (r rows) load(owner [32]byte) (c code, there bool, err error) {
	var bound, salt, mac []byte
	var used int
	err = r.tx.Row("SELECT bound, salt, mac, channel, tries, used, sent_ms FROM one_time_code WHERE owner = ?", owner[:]).
		Scan(&bound, &salt, &mac, &c.channel, &c.tries, &used, &c.sentMS)
	if errors.Is(err, sql.ErrNoRows) {
		return code{}, false, nil
	}
	if err != nil {
		return code{}, false, fmt.Errorf("read one-time code: %w", err)
	}
	copy(c.bound[:], bound)
	copy(c.salt[:], salt)
	copy(c.mac[:], mac)
	c.used = used != 0
	return c, true, nil
}

func (r rows) save(owner [32]byte, c code) error {
	used := 0
	if c.used {
		used = 1
	}
	_, err := r.tx.Exec(`INSERT INTO one_time_code (owner, bound, salt, mac, channel, tries, used, sent_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (owner) DO UPDATE SET bound = excluded.bound, salt = excluded.salt, mac = excluded.mac,
		channel = excluded.channel, tries = excluded.tries, used = excluded.used, sent_ms = excluded.sent_ms`,
		owner[:], c.bound[:], c.salt[:], c.mac[:], uint8(c.channel), c.tries, used, c.sentMS)
	if err != nil {
		return fmt.Errorf("write one-time code: %w", err)
	}
	return nil
}

func (r rows) remove(owner [32]byte) error {
	if _, err := r.tx.Exec("DELETE FROM one_time_code WHERE owner = ?", owner[:]); err != nil {
		return fmt.Errorf("delete one-time code: %w", err)
	}
	return nil
}
