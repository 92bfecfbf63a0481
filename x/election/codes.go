package election

import "github.com/urna-vote/urna/x/ledger"

// Module is the codespace.
const Module = "election"

// Refusals of what is wrong for ever.
var (
	CodeMalformed  = ledger.NewCode(Module, 1, "malformed")
	CodeDefinition = ledger.NewCode(Module, 2, "bad-definition")
)

// Refusals that depend on state.
var (
	CodeUnknown      = ledger.NewCode(Module, ledger.RetryFrom, "unknown-election")
	CodeUnknownZone  = ledger.NewCode(Module, ledger.RetryFrom+1, "unknown-zone")
	CodeExists       = ledger.NewCode(Module, ledger.RetryFrom+2, "election-exists")
	CodeTimetable    = ledger.NewCode(Module, ledger.RetryFrom+3, "timetable")
	CodePhase        = ledger.NewCode(Module, ledger.RetryFrom+4, "wrong-phase")
	CodeNotSuspended = ledger.NewCode(Module, ledger.RetryFrom+5, "not-suspended")
	CodeSuspended    = ledger.NewCode(Module, ledger.RetryFrom+6, "suspended")
)
