// Package sample is a small election on a chain in memory, with a commission of
// three, two issuers in each of two panels and three trustees, for tests of
// modules. All keys come from their holders' names.
//
// Nothing but tests imports it.
package sample
