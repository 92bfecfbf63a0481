package issuance

import "github.com/urna-vote/urna/x/ledger"

// Module is the codespace.
const Module = "issuance"

// Refusals of what is wrong for ever.
var (
	CodeMalformed   = ledger.NewCode(Module, 1, "malformed")
	CodeModulus     = ledger.NewCode(Module, 2, "bad-modulus")
	CodeKeyProof    = ledger.NewCode(Module, 3, "bad-key-proof")
	CodeEndorsement = ledger.NewCode(Module, 4, "bad-endorsement")
	CodeAnswer      = ledger.NewCode(Module, 5, "bad-blind-signature")
)

// Refusals that depend on state.
var (
	CodeUnknownElection = ledger.NewCode(Module, ledger.RetryFrom, "unknown-election")
	CodeUnknownClass    = ledger.NewCode(Module, ledger.RetryFrom+1, "unknown-class")
	CodeUnknownPanel    = ledger.NewCode(Module, ledger.RetryFrom+2, "unknown-panel")
	CodeNotInPanel      = ledger.NewCode(Module, ledger.RetryFrom+3, "not-in-panel")
	CodeNotOperator     = ledger.NewCode(Module, ledger.RetryFrom+4, "not-the-operator")
	CodeRegistered      = ledger.NewCode(Module, ledger.RetryFrom+5, "key-registered")
	CodeModulusUsed     = ledger.NewCode(Module, ledger.RetryFrom+6, "modulus-used")
	CodeUnknownStyle    = ledger.NewCode(Module, ledger.RetryFrom+7, "unknown-style")
	CodePhase           = ledger.NewCode(Module, ledger.RetryFrom+8, "wrong-phase")
	CodePanelClosed     = ledger.NewCode(Module, ledger.RetryFrom+9, "panel-not-open")
	CodePanelKeys       = ledger.NewCode(Module, ledger.RetryFrom+10, "panel-keys-missing")
	CodePanelSize       = ledger.NewCode(Module, ledger.RetryFrom+11, "wrong-panel-size")
	CodeNotInRoll       = ledger.NewCode(Module, ledger.RetryFrom+12, "not-in-roll")
	CodeWrongStyle      = ledger.NewCode(Module, ledger.RetryFrom+13, "wrong-style")
	CodeRemoved         = ledger.NewCode(Module, ledger.RetryFrom+14, "entry-removed")
	CodeIssued          = ledger.NewCode(Module, ledger.RetryFrom+15, "token-issued")
	CodeNoToken         = ledger.NewCode(Module, ledger.RetryFrom+16, "no-token")
	CodeClaimKey        = ledger.NewCode(Module, ledger.RetryFrom+17, "wrong-claim-key")
	CodeBlinded         = ledger.NewCode(Module, ledger.RetryFrom+18, "wrong-blinded-message")
	CodeClaimed         = ledger.NewCode(Module, ledger.RetryFrom+19, "claimed")
	CodeNoClaim         = ledger.NewCode(Module, ledger.RetryFrom+20, "no-claim")
	CodeAnswered        = ledger.NewCode(Module, ledger.RetryFrom+21, "claim-answered")
	CodePanelOrder      = ledger.NewCode(Module, ledger.RetryFrom+22, "panel-goes-back")
)
