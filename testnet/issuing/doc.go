// Command issuing measures one process of an issuer's gateway: how many voters a
// second it serves, what part of its work is the RSA signature, how many codes it
// checks, what memory it needs with idle and slow connections, and how fast it
// answers meanwhile.
//
//	go run ./testnet/issuing                                    # SQLite
//	go run ./testnet/issuing --database postgres://…            # PostgreSQL
//
// The gateway is a process of its own: the real frame, server, sessions, codes,
// register and signing keys. What is not measured is simulated within it: the
// portal (an account for each voter, at once), the provider of SMS (codes are
// read over a control port) and the ledger (a record stands there as soon as it is
// endorsed). The voters are this process: their work is on the same processors.
//
// A voter does, over HTTP: log-in begun, to the portal and back, session, code
// asked for, endorsement with the code, signature.
package main
