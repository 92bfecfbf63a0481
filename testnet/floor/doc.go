// Command urna-floor runs a node whose application accepts everything: the
// floor under which no ledger on this engine can be. It takes a node's home as
// urnad does, has the same engine, the same settings, the same stores and the
// same way in, and does honestly nothing else. What a ledger accepts per
// second is measured against it (docs/PERFORMANCE.md).
//
// It takes the place of urnad in a test network (runner.Spec.Binary):
//
//	urna-floor start --home DIR [--SECTION.KEY VALUE ...]
//
// Routes, with the answers of the same routes of the public interface:
//
//	GET  /v1/health, /v1/ready, /v1/status, /v1/genesis
//	GET  /v1/blocks?from=1&to=9, /v1/commits/{height}
//	POST /v1/transactions         one transaction, its raw bytes
//	POST /v1/transactions/batch   uvarint length and bytes, repeated
//	GET  /v1/floor                {"height", "time_ms", "transactions", "bytes", "waiting"}
//
// "transactions" and "bytes" of /v1/floor count what is in blocks. A full pool
// answers each transaction of a batch with the code "busy" and retry.
//
// With --feed N the node makes random transactions of N bytes itself and keeps
// its pool filled, so that nothing is spent on feeding.
package main
