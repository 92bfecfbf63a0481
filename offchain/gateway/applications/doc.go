// Package applications is the registrar's register of applications (заявления)
// to vote remotely: who applied, what became of it, and, once the list is
// formed, the roll for the commission, a list for each issuer and a slip for
// each voter.
//
// Specification: docs/spec/gateway.md, section "Applications".
//
// # Status
//
//	(nothing) ─ File ─► submitted ─ judge ─► accepted ─ Withdraw ─► withdrawn
//	                        │  ▲                │ Reject (staff)
//	                        ▼  └─ Correct ─┐    ▼
//	                     withdrawn         └─ rejected(reason) ─ File: another number
//
// Judging compares the application with the voter register (package electors)
// at once; where none was imported yet it waits for Decide. An account, a phone
// and an elector each stand in one application that is submitted or accepted,
// never in two. Nothing changes once the list is formed.
//
// # Forming the list
//
//  1. every application is decided, and those accepted still match the register;
//  2. the campaign is marked: nobody can withdraw, whoever files is late;
//  3. a voter key is drawn for each accepted application and election, and the
//     slip sealed in the database, once for ever;
//  4. roll.csv, people.age for each issuer and paper-list.csv are written from what
//     the database holds: forming again gives the same list.
//
// The voter's name on the slip is names, date of birth and number of the
// application, so that each person sees that the entry is the own one.
//
// # At rest
//
// All that is known of a person is sealed (package vault); rows are found by
// keyed hashes of account, phone and elector. Erase removes everything when the
// term is over and leaves counts.
//
// The package must never know a token, a ballot key or a ballot, and puts nothing
// of a person into an error, a log or the journal.
package applications
