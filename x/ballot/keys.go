package ballot

import "github.com/urna-vote/urna/x/ledger"

var (
	spentPrefix   = ledger.NewPrefix(0x60, "ballot: spent ballot key")
	sumPrefix     = ledger.NewPrefix(0x61, "ballot: running sum of a group and contest")
	countsPrefix  = ledger.NewPrefix(0x62, "ballot: counts of a token class")
	orderPrefix   = ledger.NewIndex(0x63, "ballot: ballot keys of a zone in order", spentPrefix, orderOf)
	listingPrefix = ledger.NewPrefix(0x64, "ballot: unfinished list of counted ballots")
	countedPrefix = ledger.NewPrefix(0x66, "ballot: finished list of counted ballots")
	panelPrefix   = ledger.NewPrefix(0x68, "ballot: accepted with tokens of a panel")
	chunkPrefix   = ledger.NewPrefix(0x67, "ballot: chunk of the list of counted ballots")
)

// SpentKey is where a ballot key's record stands: one on the chain, for ever.
func SpentKey(ballotKey []byte) []byte { return spentPrefix.Key(ballotKey) }

// SumPrefix is the prefix of an election's sums; group and contest follow.
func SumPrefix(election [32]byte) []byte { return sumPrefix.Key(election[:]) }

// CountsPrefix is the prefix of an election's counts; the class follows.
func CountsPrefix(election [32]byte) []byte { return countsPrefix.Key(election[:]) }

// CountedPrefix is the prefix of an election's finished lists; the zone follows.
func CountedPrefix(election [32]byte) []byte { return countedPrefix.Key(election[:]) }

// SumKey is where a running sum stands.
func SumKey(election [32]byte, group, contest uint32) []byte {
	return sumPrefix.Key(election[:], ledger.U32(group), ledger.U32(contest))
}

// CountsKey is where the counts of a token class stand.
func CountsKey(election [32]byte, class uint32) []byte {
	return countsPrefix.Key(election[:], ledger.U32(class))
}

// PanelKey is where it stands how many first ballots of a class were accepted
// with tokens of a panel.
func PanelKey(election [32]byte, class, panel uint32) []byte {
	return panelPrefix.Key(election[:], ledger.U32(class), ledger.U32(panel))
}

// BucketBytes of a ballot key stand in the order of its zone: enough that few
// keys of the chain share them, few enough to be cheap.
const BucketBytes = 4

// OrderPrefix is the prefix of a zone in the index of spent keys; the first
// BucketBytes of the keys that cast there follow.
func OrderPrefix(number, zone uint32) []byte {
	return orderPrefix.Key(ledger.U32(number), ledger.U32(zone))
}

func orderOf(key, value []byte) []byte {
	s := mustDecodeSpent(value)
	return append(append(ledger.U32(s.Number), ledger.U32(s.Zone)...), key[1:1+BucketBytes]...)
}

// ListingKey is where the progress of a zone's list stands.
func ListingKey(election [32]byte, zone uint32) []byte {
	return listingPrefix.Key(election[:], ledger.U32(zone))
}

// CountedKey is where a zone's finished list stands.
func CountedKey(election [32]byte, zone uint32) []byte {
	return countedPrefix.Key(election[:], ledger.U32(zone))
}

// ChunkKey is where a chunk of a zone's list stands.
func ChunkKey(election [32]byte, zone, chunk uint32) []byte {
	return chunkPrefix.Key(election[:], ledger.U32(zone), ledger.U32(chunk))
}
