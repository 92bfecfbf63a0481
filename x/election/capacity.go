package election

import (
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// MaxMessageBytes is the largest body of a trustee's message: a deal, or the
// decryption shares of a zone. It leaves room for the envelope within the
// largest transaction.
const MaxMessageBytes = 1<<20 - 1024

// Sizes of which a trustee's messages are made; see docs/spec/ceremony.md and
// docs/spec/tally.md.
const (
	pointBytes = 32
	boxBytes   = 1136
	proofBytes = 96
	hashBytes  = 32
	fieldBytes = 16 // tags and lengths
)

// DealBytes is the size of a deal of a zone's key among all trustees.
func DealBytes(def *electionv1.Definition, zone uint32) int {
	slots, n := Slots(def, zone), len(def.Trustees)
	return slots*pointBytes*(int(def.Threshold)+2+n) + n*(boxBytes+fieldBytes) + hashBytes + 5*fieldBytes
}

// ShareBytes is the most that a trustee's decryption shares of a zone can have:
// when no counting groups are joined.
func ShareBytes(def *electionv1.Definition, zone uint32) int {
	type unit struct{ group, contest uint32 }
	seen := map[unit]bool{}
	total := 4 * fieldBytes
	for _, s := range def.Styles {
		if s.Zone != zone {
			continue
		}
		for _, c := range s.Contests {
			if u := (unit{s.Group, c}); !seen[u] {
				seen[u] = true
				total += len(def.Contests[c].Options)*pointBytes + proofBytes + fieldBytes
			}
		}
	}
	return total
}

// validateCapacity refuses an election that its trustees could not serve: their
// messages would be larger than the ledger takes.
func validateCapacity(def *electionv1.Definition) error {
	for zone := range uint32(len(def.Zones)) {
		path := fmt.Sprintf("zones[%d]", zone)
		if n := DealBytes(def, zone); n > MaxMessageBytes {
			return refuse(path, "a deal of its key would have %d bytes, at most %d: use fewer slots or trustees, or split the zone", n, MaxMessageBytes)
		}
		if n := ShareBytes(def, zone); n > MaxMessageBytes {
			return refuse(path, "a trustee's shares would have %d bytes, at most %d: split the zone", n, MaxMessageBytes)
		}
	}
	return nil
}
