// Package roll is the list of entries that may take a token: staged by a member
// of the commission, approved by its trees, one RFC 6962 tree of entry ids for
// each ballot style. See docs/spec/roll.md.
//
// It must never know who stands behind an entry.
package roll
