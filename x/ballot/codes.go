package ballot

import "github.com/urna-vote/urna/x/ledger"

// Codespace of this module.
const Codespace = "ballot"

// Refusals that no later block changes.
var (
	CodeMalformed      = ledger.NewCode(Codespace, 1, "malformed")
	CodePoint          = ledger.NewCode(Codespace, 2, "bad-point")
	CodeTokenShape     = ledger.NewCode(Codespace, 3, "token-shape")
	CodeTokenSignature = ledger.NewCode(Codespace, 4, "bad-token")
	CodeProof          = ledger.NewCode(Codespace, 5, "bad-proof")
	CodeStyle          = ledger.NewCode(Codespace, 6, "wrong-style")
	CodePanel          = ledger.NewCode(Codespace, 7, "unknown-panel")
	CodeSequence       = ledger.NewCode(Codespace, 8, "sequence-out-of-range")
	CodeOneVoteOnly    = ledger.NewCode(Codespace, 9, "recast-not-allowed")
)

// Refusals that depend on state.
var (
	CodeElection     = ledger.NewCode(Codespace, 32000, "unknown-election")
	CodePhase        = ledger.NewCode(Codespace, 32001, "not-voting")
	CodeKey          = ledger.NewCode(Codespace, 32002, "no-election-key")
	CodeSpent        = ledger.NewCode(Codespace, 32003, "token-spent")
	CodeNextSequence = ledger.NewCode(Codespace, 32004, "wrong-sequence")
	CodeTooEarly     = ledger.NewCode(Codespace, 32005, "recast-too-early")
	CodeTooLate      = ledger.NewCode(Codespace, 32006, "recast-window-over")
	CodeSameR        = ledger.NewCode(Codespace, 32007, "same-randomness")
	CodeElsewhere    = ledger.NewCode(Codespace, 32008, "key-of-another-ballot")
	CodePanelKeys    = ledger.NewCode(Codespace, 32009, "panel-not-registered")
	CodeNotIssued    = ledger.NewCode(Codespace, 32010, "more-than-issued")
)
