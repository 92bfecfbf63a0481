package commission

import "github.com/urna-vote/urna/x/ledger"

// Module is the codespace.
const Module = "commission"

// Refusals of what is wrong for ever.
var (
	CodeMalformed     = ledger.NewCode(Module, 1, "malformed")
	CodeUnknownAction = ledger.NewCode(Module, 2, "unknown-action")
	CodeBadAct        = ledger.NewCode(Module, 3, "bad-act")
)

// Refusals that depend on state.
var (
	CodeNotMember       = ledger.NewCode(Module, ledger.RetryFrom, "not-a-member")
	CodeUnknownProposal = ledger.NewCode(Module, ledger.RetryFrom+1, "unknown-proposal")
	CodeProposed        = ledger.NewCode(Module, ledger.RetryFrom+2, "already-proposed")
	CodeApproved        = ledger.NewCode(Module, ledger.RetryFrom+3, "already-approved")
	CodeExecuted        = ledger.NewCode(Module, ledger.RetryFrom+4, "already-executed")
	CodeExpired         = ledger.NewCode(Module, ledger.RetryFrom+5, "expired")
	CodeExpiry          = ledger.NewCode(Module, ledger.RetryFrom+6, "expiry-too-far")
)
