// Package databasetest runs a test on every database a gateway may stand on: on
// a SQLite file always, and on PostgreSQL if the variable URNA_TEST_POSTGRES
// names a server (postgres://…), each time in a schema of its own that is
// dropped afterwards.
//
// The package must never be part of a program.
package databasetest
