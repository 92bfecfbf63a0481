// Package stage brings a test network to an open election in seconds: the
// commission decides, three trustees' programs make the key, one issuer of one
// panel registers its token keys, and the roll of all voters is approved. What
// it shortens is waiting, by windows of the ceremony that end when everybody is
// done; every step is on the ledger as in a real election.
//
// It also closes the election and brings it to the approved result.
package stage
