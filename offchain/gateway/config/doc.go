// Package config reads a gateway's settings: one TOML file whose keys are the
// fields of Config, with environment variables URNA_GATEWAY_<KEY> over it. A key
// that is not known is an error. Paths are relative to the file's directory.
//
// The package must never know a secret: it names files that hold them.
package config
