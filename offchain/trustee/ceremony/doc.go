// Package ceremony is the trustee's part in making an election key: it watches
// the ledger, acts once in each window, and ends with the trustee's share of a
// key that it computed itself.
//
// Specification: docs/spec, section "Election key".
//
// # What is believed
//
// A node is believed nothing. The state of the ceremony, the zone and the
// definition come proven under a header that the validators signed. The
// transactions of the attempt come from a node; each is signed by its trustee,
// a deal must have the hash that the proven state names, and before it confirms
// the program computes the joint key and the transcript's hash from them and
// compares with the proven state. If they differ it confirms nothing.
//
// # Crashes
//
// Everything follows from the medium and the ledger: keys and polynomials from
// the seed with the trustee list, t and attempt, and the deal, whose boxes are
// random, is stored before its hash is sent. A message that was on its way when
// the program ended is on the ledger or is sent again; the ledger takes one.
//
// # What is revealed
//
// Shares are published only in answer to a second complaint that the proven
// state shows. No error and no line of output contains a secret.
//
// The package must never know ballots or sums.
package ceremony
