package election

// Limits of a definition.
const (
	MaxStyles         = 20_000
	MaxClasses        = 20_000
	MaxContests       = 20_000
	MaxGroups         = 20_000
	MaxZones          = 64
	MaxBallotContests = 64
	MaxOptions        = 500
	MaxSlots          = 4096
	MaxPoints         = 1 << 20
	MaxIssuers        = 64
	MaxPanels         = 16
	MaxPanelMembers   = 20
	MaxTrustees       = 20
	MaxPages          = 64
	MaxLanguages      = 20
	MaxNameBytes      = 100
	MaxTextBytes      = 1000
	NonceBytes        = 16

	// MaxExtensionMS is how far in all a close may be moved.
	MaxExtensionMS = 24 * 3600 * 1000
	// maxTimeMS is the end of the year 9999.
	maxTimeMS = 253_402_300_799_999
	// maxSpanMS limits windows and intervals.
	maxSpanMS = 366 * 24 * 3600 * 1000
)

// Defaults of a definition's zero values.
const (
	DefaultMinJoined    = 10
	DefaultWindowMS     = 10 * 60 * 1000
	DefaultWindowBlocks = 100
	SmallClass          = 100
	maxWindowBlocks     = 1_000_000
	maxMinJoined        = 1_000_000
	maxActBytes         = 4096
	MaxDefinitionBytes  = 1_000_000
	MaxReasonBytes      = MaxTextBytes
)
