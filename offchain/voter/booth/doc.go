// Package booth is the voter's device without its files and its network: it
// asks for a token, seals a ballot and signs it. The command line, pages' test
// vectors and load drivers use the same pieces.
//
// Specification: docs/spec, sections "Issuance" and "Ballot"; on one page:
// docs/ISSUANCE-CYCLE.md and docs/BALLOT-CYCLE.md.
//
// Everything a device blinds or encrypts under comes from Parameters, which are
// made of objects proven under a header of the chain's validators: a node that
// lies cannot hand out its own key.
//
// From the token secret come the ballot key, salts and blinding factors, and
// nothing else. The randomness of a sealing is fresh each time and never kept;
// what is kept to resume are the finished signed bytes.
//
// The package must never know the voter's name, a stored choice, a file or the
// network.
package booth
