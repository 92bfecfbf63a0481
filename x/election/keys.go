package election

import "github.com/urna-vote/urna/x/ledger"

// Records of the module. Zone numbers are u32, times u64.
var (
	// KeyDefinition ‖ election → Definition.
	KeyDefinition = ledger.NewPrefix(0x20, "election definition")
	// KeyZone ‖ election ‖ zone → ZoneState.
	KeyZone = ledger.NewPrefix(0x21, "election zone")
	// KeyDue ‖ time ‖ election ‖ zone ‖ deadline (1 byte) → 1: deadlines that
	// have not taken effect.
	KeyDue = ledger.NewPrefix(0x22, "election deadline")
	// KeyList ‖ election → height of creation (u64).
	KeyList = ledger.NewPrefix(0x23, "election list")
	// KeyCancelling ‖ election → 1: cancelled in this block.
	KeyCancelling = ledger.NewPrefix(0x24, "election cancelling")
	// KeyPhase ‖ phase (u32) ‖ election ‖ zone → 1: the zones of each phase.
	KeyPhase = ledger.NewPrefix(0x25, "election phase")
)
