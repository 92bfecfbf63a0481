// Package slip is what a voter is handed before the election: the key of the
// own entry in the roll and one access code of each issuer, as a file and as
// the words a person types.
//
// Specification: docs/spec, section "Roll and applications".
//
// # Entry
//
//	entry id = HMAC-SHA-256(voter key, "urna/v1/entry" ‖ chain id ‖ election id ‖ subject)
//
//	pass     = HMAC-SHA-256(voter key, "urna/v1/entry/pass" ‖ chain id ‖ election id ‖ issuer's name)
//
// Each field is preceded by its length in eight bytes, big-endian. The voter
// key is 32 random bytes, another one for each voter and election: with it the
// voter computes the entry again and sees that it stands for this person alone;
// once it is erased nobody can say whose entry it was. The pass shows to one issuer
// that whoever asks holds the voter key.
//
// # Access code
//
// 80 random bits in Crockford's base 32, four groups of four:
//
//	code  = group "-" group "-" group "-" group
//	group = 4 of 0123456789ABCDEFGHJKMNPQRSTVWXYZ
//
// What a person types may be lower case, with or without separators, with O for
// 0 and with I or L for 1.
//
// The package must never know a token secret, a ballot or a network.
package slip
