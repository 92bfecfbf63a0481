// Package ledger is what the application gives a module and what a module
// gives the application: block context, reading and writing state, key
// formats, refusal codes, handlers of transactions and of the commission's
// acts. See docs/spec/transactions.md.
//
// It knows no module, no database and no engine.
package ledger
