package roll

import "github.com/urna-vote/urna/x/ledger"

// Records of the module. Author is the key of the member who staged; style is
// u32, page and index u64.
var (
	// KeyPosition ‖ election ‖ author ‖ entry → style ‖ index.
	KeyPosition = ledger.NewPrefix(0x30, "roll position")
	// KeyPage ‖ election ‖ author ‖ style ‖ page → up to PageEntries entry ids.
	KeyPage = ledger.NewPrefix(0x31, "roll page")
	// KeyNode ‖ election ‖ author ‖ style ‖ level (1 byte) ‖ index → hash: the
	// nodes of a staged tree from PageLevel up.
	KeyNode = ledger.NewPrefix(0x32, "roll node")
	// KeyStaged ‖ election ‖ author ‖ style → StagedTree.
	KeyStaged = ledger.NewPrefix(0x33, "roll staged tree")
	// KeyRoll ‖ election → Roll, as the commission approved it.
	KeyRoll = ledger.NewPrefix(0x34, "roll")
	// KeyAuthor ‖ election → author of the approved roll.
	KeyAuthor = ledger.NewPrefix(0x35, "roll author")
	// KeySize ‖ election ‖ style → size of the approved tree.
	KeySize = ledger.NewPrefix(0x36, "roll size")
	// KeyRemovedChunk ‖ election ‖ style ‖ chunk → chunk of the bitmap "removed".
	KeyRemovedChunk = ledger.NewPrefix(0x37, "roll removed chunk")
	// KeyRemoved ‖ election ‖ style → StyleRemoved.
	KeyRemoved = ledger.NewPrefix(0x38, "roll removed")
)
