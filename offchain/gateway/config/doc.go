// Package config reads a gateway's settings: one TOML file whose keys are the
// fields of Config and of its sections, with environment variables
// URNA_GATEWAY_<KEY> or URNA_GATEWAY_<SECTION>_<KEY> over it. A key that is not
// known is an error. Paths are relative to the file's directory.
//
// A section is a struct in a file of its own: a field with the tags koanf (key),
// doc (comment in the file) and path (made absolute) is all a new key needs, and
// a line in the section's validate.
//
// The package must never know a secret: it names files that hold them.
package config
