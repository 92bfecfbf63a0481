// Package database is a gateway's durable memory: one SQL database, a SQLite
// file by default, PostgreSQL where the settings name one. Replicas of a gateway
// open the same one.
//
// Specification: docs/spec, section "Issuance"; why two: docs/adr/0022-databases.md.
//
// # What a transaction promises
//
// Update answers nil once what was written is on the disk. What it read and
// wrote is as if it had run alone, on both databases and over all replicas.
//
//	SQLite      one writer at a time; updates that wait share one commit
//	PostgreSQL  serializable transactions, repeated where two of them clash
//
// # SQL
//
// One text for both: places are written "?", times are BIGINT of Unix
// milliseconds, numbers never go beyond 63 bits. An insert that may meet a row
// says ON CONFLICT, since PostgreSQL gives up a transaction after any error.
//
// The tables are in migrations, in the words of SQLite. For PostgreSQL these
// words are replaced, wherever they stand by themselves:
//
//	BLOB           → BYTEA
//	INTEGER        → BIGINT
//	WITHOUT ROWID  →
//
// The first two digits of a migration's number are its owner's: 0000 register
// and journal, 0001 notices, 0002 log-in, 0003 applications, 0004 claims, 0005
// limits and waiting room. They are applied in the order of their numbers.
//
// The package must never know what the rows mean, and never logs a statement or
// its values.
package database
