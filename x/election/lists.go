package election

import (
	"slices"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Confirmations is how many trustees must confirm the key and pass the drill:
// what the definition says, or min(t + 1, n).
func Confirmations(def *electionv1.Definition) int {
	if def.Confirmations != 0 {
		return int(def.Confirmations)
	}
	return min(int(def.Threshold)+1, len(def.Trustees))
}

// MinJoined is the least number of counted ballots a sum needs to be decrypted.
func MinJoined(def *electionv1.Definition) uint64 {
	if def.MinJoined != 0 {
		return uint64(def.MinJoined)
	}
	return DefaultMinJoined
}

// CeremonyWindow is how long each window of the ceremony lasts at least when
// somebody is left to act: a time and a number of blocks.
func CeremonyWindow(def *electionv1.Definition) (ms int64, blocks int64) {
	ms, blocks = def.Ceremony.WindowMs, int64(def.Ceremony.WindowBlocks)
	if ms == 0 {
		ms = DefaultWindowMS
	}
	if blocks == 0 {
		blocks = DefaultWindowBlocks
	}
	return ms, blocks
}

// ZoneStyles lists the styles of a zone, ascending.
func ZoneStyles(def *electionv1.Definition, zone uint32) []uint32 {
	return stylesWhere(def, func(s *electionv1.Style) bool { return s.Zone == zone })
}

// ClassStyles lists the styles of a token class, ascending.
func ClassStyles(def *electionv1.Definition, class uint32) []uint32 {
	return stylesWhere(def, func(s *electionv1.Style) bool { return s.TokenClass == class })
}

// ClassZone is the zone of all styles of a token class.
func ClassZone(def *electionv1.Definition, class uint32) uint32 {
	for _, s := range def.Styles {
		if s.TokenClass == class {
			return s.Zone
		}
	}
	panic("election: token class without a style in a valid definition")
}

// ZoneClasses lists the token classes of a zone, ascending.
func ZoneClasses(def *electionv1.Definition, zone uint32) []uint32 {
	return distinct(def, zone, func(s *electionv1.Style) []uint32 { return []uint32{s.TokenClass} })
}

// ZoneContests lists the contests on any ballot of a zone, ascending.
func ZoneContests(def *electionv1.Definition, zone uint32) []uint32 {
	return distinct(def, zone, func(s *electionv1.Style) []uint32 { return s.Contests })
}

// ContestGroups lists the counting groups of a zone in whose styles a contest
// stands, in the order of the election.
func ContestGroups(def *electionv1.Definition, zone, contest uint32) []uint32 {
	return distinct(def, zone, func(s *electionv1.Style) []uint32 {
		if slices.Contains(s.Contests, contest) {
			return []uint32{s.Group}
		}
		return nil
	})
}

func stylesWhere(def *electionv1.Definition, keep func(*electionv1.Style) bool) []uint32 {
	var out []uint32
	for i, s := range def.Styles {
		if keep(s) {
			out = append(out, uint32(i))
		}
	}
	return out
}

func distinct(def *electionv1.Definition, zone uint32, of func(*electionv1.Style) []uint32) []uint32 {
	var out []uint32
	for _, s := range def.Styles {
		if s.Zone == zone {
			out = append(out, of(s)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
