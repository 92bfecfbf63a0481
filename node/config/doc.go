// Package config is what an operator may set of a node: one struct per
// subsystem, each with its default and its check.
//
// # File
//
// The file urnad.toml in the node's home directory is TOML. Every key is
// optional, a key that is not known is an error. Lists are TOML lists,
// durations are texts such as "500ms". Then count, the later over the earlier:
// defaults, the file, environment variables (URNA_API_LISTEN is api.listen;
// lists are separated by commas), flags of the command line (--api.listen).
//
// The engine's own configuration is derived from this one (engine.go); what is
// not named here has the value that was measured or that safety asks for.
//
// The package must never know keys, elections or the state of a chain.
package config
