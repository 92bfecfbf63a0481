package register

import (
	"context"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// Store is the register in an open database. It may be used by several goroutines.
type Store struct{ db *database.DB }

// New is the register of a database.
func New(db *database.DB) *Store { return &Store{db: db} }

// Database in which the register stands.
func (s *Store) Database() *database.DB { return s.db }

// Tx is one transaction of the register.
type Tx struct{ tx *database.Tx }

// In is the register within a transaction of its database, for what must be
// durable together with something else.
func In(tx *database.Tx) *Tx { return &Tx{tx: tx} }

// Database transaction under it.
func (t *Tx) Database() *database.Tx { return t.tx }

// Update runs a function that reads and writes, and returns nil once what it
// wrote is on the disk; package database says what the function may rely on.
func (s *Store) Update(run func(*Tx) error) error {
	return s.db.Update(func(tx *database.Tx) error { return run(In(tx)) })
}

// Healthy answers whether the database can be read.
func (s *Store) Healthy(ctx context.Context) error { return s.db.Healthy(ctx) }
