package issuance

import "github.com/urna-vote/urna/x/ledger"

// Records of the module. Class, panel, style, issuer and member are u32, chunk and
// height u64.
var (
	// KeyClass ‖ election ‖ class → ClassKeys.
	KeyClass = ledger.NewPrefix(0x40, "issuers of a class")
	// KeyModulus ‖ SHA-256 of a modulus → 1: a modulus is registered once on a chain.
	KeyModulus = ledger.NewPrefix(0x41, "issuer modulus")
	// KeyIssued ‖ election ‖ entry → Issued.
	KeyIssued = ledger.NewPrefix(0x42, "issued token")
	// KeyStyle ‖ election ‖ style → StyleIssued, as of the end of a block.
	KeyStyle = ledger.NewPrefix(0x43, "issued in a style")
	// KeyClassCount ‖ election ‖ class → tokens issued (u64).
	KeyClassCount = ledger.NewPrefix(0x44, "issued in a class")
	// KeyChunk ‖ election ‖ style ‖ chunk → chunk of the bitmap "issued".
	KeyChunk = ledger.NewPrefix(0x45, "issued chunk")
	// KeyChunkHash ‖ election ‖ style ‖ chunk → its hash as a leaf.
	KeyChunkHash = ledger.NewPrefix(0x46, "issued chunk hash")
	// KeyClaim ‖ election ‖ entry ‖ member → Claim.
	KeyClaim = ledger.NewPrefix(0x48, "signature claim")
	// KeyOpenClaim ‖ election ‖ issuer ‖ height ‖ entry → 1: unanswered claims.
	KeyOpenClaim = ledger.NewPrefix(0x49, "open signature claim")
	// KeyPanelCount ‖ election ‖ class ‖ panel → tokens issued (u64).
	KeyPanelCount = ledger.NewPrefix(0x4a, "issued by a panel")
)
