// Package load puts an election under load and measures what becomes of every
// ballot. Ballots are made ahead of time, in parallel, into a file that can be
// kept (Make, File); they are played at a constant rate, along the curve of a
// real election, or as fast as the network takes them (Play); and a light client
// follows the blocks and says when each ballot's receipt verifies (Meter).
//
// # No coordinated omission
//
// Every ballot has a planned time, which does not depend on how the network
// answers, and its latency counts from there: a ballot that could not even be
// sent in time is late, not absent. One monotonic clock is used for all: the
// meter's. As fast as possible is the one mode without planned times; its
// latency counts from the sending and says only how long the queue is.
//
// # When a ballot is done
//
// Its block's list of transactions hashes to the data hash of its header; the
// next header, whose commit the validators of the genesis signed, names that
// header and the application hash; and the root of the ballot log in it is that
// of the log which the meter itself grew over all blocks. From then on the
// receipt of every ballot of the block verifies. A sample of receipts is fetched
// and verified whole besides, and the difference is reported.
//
// # What is real
//
// Proofs, tokens and signatures are what voters' devices and issuers make, and
// nodes check all of them. Only the blind signature is short-cut: issuer and
// voter are one here, so the issuer signs the token's message itself, which
// gives the same signatures, and the hash of a blinded message on the record of
// issuance is the hash of a random number.
//
// The package must never run on a chain whose ballots count: it holds the
// issuers' keys and knows every choice.
package load
