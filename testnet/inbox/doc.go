// Package inbox keeps the messages that simulated phones and mailboxes of a test
// network received, and gives them to tests and demos: in Go, and over HTTP on a
// loopback port. The simulated providers, packages smsc and mailbox, have their
// inbox and their Port from here.
//
//	GET    /messages?to=ADDRESS[&after=SEQ][&wait=5s]   messages of one address, oldest first
//	DELETE /messages                                    forget all
//	GET    /behaviour                                   how the provider misbehaves, JSON
//	PUT    /behaviour                                   the same, set
//	POST   /die, POST /revive                           the provider drops its connections and
//	                                                    takes none; takes them again
//	GET    /health                                      the process lives
//
// The package is for test networks: whoever reaches the port reads every code.
package inbox
