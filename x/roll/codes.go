package roll

import "github.com/urna-vote/urna/x/ledger"

// Module is the codespace.
const Module = "roll"

// Refusals of what is wrong for ever.
var (
	CodeMalformed = ledger.NewCode(Module, 1, "malformed")
)

// Refusals that depend on state.
var (
	CodeUnknownElection = ledger.NewCode(Module, ledger.RetryFrom, "unknown-election")
	CodeUnknownStyle    = ledger.NewCode(Module, ledger.RetryFrom+1, "unknown-style")
	CodeNotMember       = ledger.NewCode(Module, ledger.RetryFrom+2, "not-a-member")
	CodePhase           = ledger.NewCode(Module, ledger.RetryFrom+3, "wrong-phase")
	CodePosition        = ledger.NewCode(Module, ledger.RetryFrom+4, "wrong-position")
	CodeDuplicate       = ledger.NewCode(Module, ledger.RetryFrom+5, "entry-staged")
	CodeTree            = ledger.NewCode(Module, ledger.RetryFrom+6, "tree-differs")
	CodeShrinks         = ledger.NewCode(Module, ledger.RetryFrom+7, "roll-shrinks")
	CodeAuthor          = ledger.NewCode(Module, ledger.RetryFrom+8, "other-author")
	CodeSmallClass      = ledger.NewCode(Module, ledger.RetryFrom+9, "small-class")
	CodeUnknownEntry    = ledger.NewCode(Module, ledger.RetryFrom+10, "unknown-entry")
	CodeRemoved         = ledger.NewCode(Module, ledger.RetryFrom+11, "entry-removed")
	CodeHasToken        = ledger.NewCode(Module, ledger.RetryFrom+12, "entry-has-token")
)
