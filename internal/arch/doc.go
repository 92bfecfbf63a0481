// Package arch holds the architecture as tests: who may import whom, what code
// that decides blocks may not call, and how large files and functions may grow.
// What a machine checks is kept. The table is explained in
// docs/adr/0001-layout.md; this package must never be imported.
package arch
