package tally

import "github.com/urna-vote/urna/x/ledger"

// Codespace of this module.
const Codespace = "tally"

// Refusals that no later block changes.
var (
	CodeMalformed = ledger.NewCode(Codespace, 1, "malformed")
	CodePoint     = ledger.NewCode(Codespace, 2, "bad-point")
	CodeShare     = ledger.NewCode(Codespace, 3, "bad-share")
	CodeResult    = ledger.NewCode(Codespace, 4, "bad-result")
	CodeTrustees  = ledger.NewCode(Codespace, 5, "wrong-trustees")
	CodeBounds    = ledger.NewCode(Codespace, 6, "counts-out-of-bounds")
	CodeUnits     = ledger.NewCode(Codespace, 7, "wrong-units")
)

// Refusals that depend on state.
var (
	CodeElection   = ledger.NewCode(Codespace, 32000, "unknown-election")
	CodePhase      = ledger.NewCode(Codespace, 32001, "not-counting")
	CodeTrustee    = ledger.NewCode(Codespace, 32002, "not-a-trustee")
	CodeDuplicate  = ledger.NewCode(Codespace, 32003, "share-exists")
	CodeNoShare    = ledger.NewCode(Codespace, 32004, "share-missing")
	CodeHasResult  = ledger.NewCode(Codespace, 32005, "result-exists")
	CodeNoProtocol = ledger.NewCode(Codespace, 32006, "no-protocol")
	CodeOther      = ledger.NewCode(Codespace, 32007, "other-protocol")
	CodeNoConsent  = ledger.NewCode(Codespace, 32008, "consent-not-needed")
)
