// Package store keeps the application's state on Pebble. A block is one synced
// batch: what modules wrote, the state digest, the ballot log, the election
// leaves, the index of transactions and the record of the height. After a crash
// the store stands at a committed height, whole. See docs/spec/state.md.
//
// # Keys
//
// All integers are big-endian.
//
//	m ‖ name                                  chain, format, head (height), digest (2048 bytes)
//	h ‖ u64 height                            record of a height
//	s ‖ state key                             what modules wrote
//	x ‖ index key                             orders over what modules wrote: one byte
//	e ‖ election id                           root of the election's summary
//	g ‖ u64 log index                         page of the ballot log that begins there, see page.encode
//	l ‖ u8 level ‖ u64 index                  root of a perfect subtree of the ballot log of 256 leaves or more
//	t ‖ 12 bytes of a transaction's hash      where it stands, see encodeLoggedTx and encodeOtherTx
//	i ‖ election id ‖ u32 kind ‖ u64 log index   the page that begins there has such entries; empty
//
// A page holds the entries that one block made, within one multiple of 256: it
// is written once, and an entry costs little more than its hash. Nodes within a
// page's tile are computed when a proof asks for them.
//
// # Application hash
//
// The root of five named leaves (crypto/merkle):
//
//	elections   root of named leaves (hex of the election id: root of its summary); 32 zero bytes if there is none
//	log         root of the ballot log ‖ u64 its size
//	rules       u32 rule version
//	state       SHA-256 of the state digest (crypto/lthash)
//	time        i64 header time, Unix milliseconds
//
// The package must never know what a key of state means.
package store
