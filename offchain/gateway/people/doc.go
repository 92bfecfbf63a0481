// Package people is an issuer's list of who of the roll is which account at the
// portal, and how a person is reached: made by the registrar when the list is
// closed, imported by each issuer, erased when the term is over.
//
// Specification: docs/spec/gateway.md, section "List of persons".
//
// # File
//
// An age file (age-encryption.org/v1) encrypted to the issuer's recipient. Its
// content is text:
//
//	file   = "urna people 1" LF "election " hex64 LF header LF { line LF }
//	header = "entry,style,subject,phone,mail,language"
//	line   = hex64 "," decimal "," field "," field "," field "," ("ru" | "en")
//	field  = up to 200 bytes of UTF-8 without comma, quote and control characters
//
// Ascending in entry; a subject is not empty and stands once, and so does a phone
// that is not empty; phone is "+" and digits.
//
// # At rest
//
// Subject and phone are keyed hashes (package vault), by which rows are found;
// the rest is sealed for its election and entry.
//
// The package must never know a token, a code or a ballot, and names nobody in an
// error: a bad line is named by its number.
package people
