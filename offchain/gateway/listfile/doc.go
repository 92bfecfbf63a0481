// Package listfile is the form that the lists of an election share which one
// command of an issuer writes and another imports: the access list of package
// register and the list of persons of package people.
//
//	file = version LF "election " hex64 LF header LF { line LF }
//	line = hex64 "," decimal { "," field }
//
// A line is of one entry of the roll, by its identifier and style; header names
// the fields.
//
// Specification: docs/spec/gateway.md, sections "List of persons" and "What a
// gateway keeps".
//
// The package must never repeat a field in an error: a bad line is named by its
// number.
package listfile
