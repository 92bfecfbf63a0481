package envelope

import "github.com/urna-vote/urna/x/ledger"

// Codespace of refusals that concern the transaction as such.
const Codespace = "tx"

// Refusals of what is wrong for ever.
var (
	CodeMalformed   = ledger.NewCode(Codespace, 1, "malformed")
	CodeTooLarge    = ledger.NewCode(Codespace, 2, "too-large")
	CodeWrongChain  = ledger.NewCode(Codespace, 3, "wrong-chain")
	CodeVersion     = ledger.NewCode(Codespace, 4, "wrong-version")
	CodeUnknownKind = ledger.NewCode(Codespace, 5, "unknown-kind")
	CodeNoSigner    = ledger.NewCode(Codespace, 6, "signer-missing")
	CodeSigner      = ledger.NewCode(Codespace, 7, "signer-not-allowed")
	CodeSignature   = ledger.NewCode(Codespace, 8, "bad-signature")
)
