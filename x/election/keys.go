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
	// KeyList ‖ election → height of creation (u64) ‖ number of the election (u32).
	KeyList = ledger.NewPrefix(0x23, "election list")
	// KeyCancelling ‖ election → 1: cancelled in this block.
	KeyCancelling = ledger.NewPrefix(0x24, "election cancelling")
	// KeyNumber ‖ number (u32) → election: elections count from 0 in the order of
	// their creation. Records by the million name them by it.
	KeyNumber = ledger.NewPrefix(0x26, "election of a number")
	// KeyNext → number of the next election (u32).
	KeyNext = ledger.NewPrefix(0x27, "next number of an election")
	// KeyPhase ‖ phase (u32) ‖ election ‖ zone → 1: the zones of each phase.
	KeyPhase = ledger.NewPrefix(0x25, "election phase")
)
