package ceremony

import "github.com/urna-vote/urna/x/ledger"

// Codespace of this module.
const Codespace = "ceremony"

// Refusals that no later block changes.
var (
	CodeMalformed = ledger.NewCode(Codespace, 1, "malformed")
	CodePoint     = ledger.NewCode(Codespace, 2, "bad-point")
	CodeSealing   = ledger.NewCode(Codespace, 3, "bad-hpke-key")
	CodeIndex     = ledger.NewCode(Codespace, 4, "bad-index")
	CodeDeal      = ledger.NewCode(Codespace, 5, "bad-deal")
	CodeShares    = ledger.NewCode(Codespace, 6, "bad-shares")
	CodeDrill     = ledger.NewCode(Codespace, 7, "bad-drill-share")
	CodeSignature = ledger.NewCode(Codespace, 8, "evidence-not-signed")
	CodeInnocent  = ledger.NewCode(Codespace, 9, "evidence-of-nothing")
)

// Refusals that depend on state.
var (
	CodeElection   = ledger.NewCode(Codespace, 32000, "unknown-election")
	CodePhase      = ledger.NewCode(Codespace, 32001, "no-ceremony-now")
	CodeAttempt    = ledger.NewCode(Codespace, 32002, "wrong-attempt")
	CodeSuspended  = ledger.NewCode(Codespace, 32003, "suspended")
	CodeWindow     = ledger.NewCode(Codespace, 32004, "wrong-window")
	CodeTrustee    = ledger.NewCode(Codespace, 32005, "not-a-trustee")
	CodeOut        = ledger.NewCode(Codespace, 32006, "trustee-is-out")
	CodeDone       = ledger.NewCode(Codespace, 32007, "step-done")
	CodeUsedKey    = ledger.NewCode(Codespace, 32008, "hpke-key-used")
	CodeReceivers  = ledger.NewCode(Codespace, 32009, "wrong-receivers")
	CodeNonce      = ledger.NewCode(Codespace, 32010, "wrong-nonce")
	CodeDealHash   = ledger.NewCode(Codespace, 32011, "deal-not-committed")
	CodeDealer     = ledger.NewCode(Codespace, 32012, "no-such-dealer")
	CodeTranscript = ledger.NewCode(Codespace, 32013, "other-transcript")
	CodeList       = ledger.NewCode(Codespace, 32014, "other-trustee-list")
)
