// Package sample has the smallest election that the ledger accepts, for tests
// that need one and do not care which.
package sample

import (
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Issuer is the operator key of the only issuer, Trustee the long-term key of
// the only trustee. They are public: nothing secret may rest on them.
var (
	Issuer  = sign.NewPrivateKey([32]byte{'i', 's', 's', 'u', 'e', 'r'})
	Trustee = sign.NewPrivateKey([32]byte{'t', 'r', 'u', 's', 't', 'e', 'e'})
)

// Election whose ceremony opens after the given time and whose other deadlines
// follow a second apart.
func Election(ceremony time.Time, nonce byte) *electionv1.Definition {
	text := func(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "en", Text: s}} }
	issuer, trustee := Issuer.Public(), Trustee.Public()
	ms := ceremony.UnixMilli()
	return &electionv1.Definition{
		Title: text("Library hours"),
		Contests: []*electionv1.Contest{{
			Title: text("Open on Sundays?"), Options: []*electionv1.Option{{Title: text("Yes")}, {Title: text("No")}},
			Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1,
		}},
		Groups: []*electionv1.CountingGroup{{Title: text("Town")}},
		Zones: []*electionv1.Zone{{
			Title: text("Town"), CeremonyOpensMs: ms, IssuingOpensMs: ms + 1000, VotingOpensMs: ms + 2000, ClosesMs: ms + 3000, TimeZone: "Europe/Moscow",
		}},
		Classes:  []*electionv1.TokenClass{{Name: "town"}},
		Styles:   []*electionv1.Style{{Name: "town", Title: text("Town"), Contests: []uint32{0}}},
		Revote:   &electionv1.RevotePolicy{},
		Issuers:  []*electionv1.Issuer{{Name: "Office", OperatorKey: issuer[:]}},
		Panels:   []*electionv1.Panel{{Issuers: []uint32{0}}},
		Trustees: []*electionv1.Trustee{{Name: "Trustee", Key: trustee[:]}}, Threshold: 1,
		Ceremony:     &electionv1.CeremonyWindows{WindowMs: 60_000, WindowBlocks: 10},
		SmallClasses: true, TokenBits: 2048,
		Nonce: append([]byte{nonce}, make([]byte, 15)...),
	}
}
