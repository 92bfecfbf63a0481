package commission

import "github.com/urna-vote/urna/x/ledger"

// Records of the module.
var (
	// KeyCommission → Commission.
	KeyCommission = ledger.NewPrefix(0x10, "commission")
	// KeyProposal ‖ id → ProposalState.
	KeyProposal = ledger.NewPrefix(0x11, "proposal")
)
