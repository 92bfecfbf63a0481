// Package home is a node's directory: where its files are, how they are made
// and how they are read.
//
//	urnad.toml                  settings (node/config)
//	genesis.json                the chain (node/genesis)
//	keys/validator_key.json     consensus key; a validator's only
//	keys/node_key.json          the node's identity among peers
//	keys/ack_key.json           Ed25519 key of acknowledgements (proto/api)
//	data/chain                  id of the chain whose data these are
//	data/validator_state.json   what the consensus key signed last
//	data/...                    stores of engine and application
//	lock                        held while the node runs
//
// Files of keys are readable by their owner alone (0600), and are refused if
// they are not. A directory appears complete or not at all: it is written
// under another name beside it, synced and renamed.
//
// The package must never know trustees', issuers' or voters' keys.
package home
