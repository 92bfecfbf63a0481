// Command urna-bench measures the whole system on one machine, in one run: the
// verification of ballots, the engine's floor and the ledger on it side by side,
// latency along the curve of a real election, a flood of invalid ballots, the
// state, the audit, a new observer's catching up, a restart, the result.
//
//	make bench        up to 100,000 ballots, a quarter of an hour on two cores
//	make bench-full   1,000,000 ballots
//
// Networks are real processes with their own settings (testnet/stage), the load
// is testnet/load. Figures go to build/bench.json after every stage; a stage
// that fails is named there and at the end, and loses nobody else's figures. The
// tables of docs/PERFORMANCE.md are written from it with --docs.
package main
