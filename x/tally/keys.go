package tally

import "github.com/urna-vote/urna/x/ledger"

var (
	unitsPrefix    = ledger.NewPrefix(0x70, "tally: units of a zone")
	sharePrefix    = ledger.NewPrefix(0x71, "tally: decryption share of a trustee")
	resultPrefix   = ledger.NewPrefix(0x72, "tally: result of a zone")
	protocolPrefix = ledger.NewPrefix(0x73, "tally: protocol of results")
	consentPrefix  = ledger.NewPrefix(0x74, "tally: consent to a small count")
	approvedPrefix = ledger.NewPrefix(0x75, "tally: protocol approved in the block at hand")
	trusteesPrefix = ledger.NewPrefix(0x76, "tally: trustees whose shares count")
)

// UnitsKey is where a zone's units stand.
func UnitsKey(election [32]byte, zone uint32) []byte { return zoneKey(unitsPrefix, election, zone) }

// ShareKey is where the share of the trustee with a participant's index stands.
func ShareKey(election [32]byte, zone, trustee uint32) []byte {
	return sharePrefix.Key(election[:], ledger.U32(zone), ledger.U32(trustee))
}

// ResultKey is where a zone's result stands.
func ResultKey(election [32]byte, zone uint32) []byte { return zoneKey(resultPrefix, election, zone) }

// TrusteesKey is where the trustees stand whose shares make a zone's result.
func TrusteesKey(election [32]byte, zone uint32) []byte {
	return zoneKey(trusteesPrefix, election, zone)
}

// ProtocolKey is where a zone's protocol of results stands.
func ProtocolKey(election [32]byte, zone uint32) []byte {
	return zoneKey(protocolPrefix, election, zone)
}

// ConsentKey is where the consent to a small count stands.
func ConsentKey(election [32]byte, zone uint32) []byte { return zoneKey(consentPrefix, election, zone) }

// ApprovedKey marks, within a block, that the protocol was approved.
func ApprovedKey(election [32]byte, zone uint32) []byte {
	return zoneKey(approvedPrefix, election, zone)
}

// ApprovedPrefix is the prefix of all such marks; election and zone follow.
func ApprovedPrefix() []byte { return approvedPrefix.Key() }

func zoneKey(p ledger.Prefix, election [32]byte, zone uint32) []byte {
	return p.Key(election[:], ledger.U32(zone))
}

// SharesPrefix is the prefix of all shares of a zone; the trustee's index follows.
func SharesPrefix(election [32]byte, zone uint32) []byte { return zoneKey(sharePrefix, election, zone) }
