package sample

import (
	"crypto/sha256"

	"github.com/urna-vote/urna/crypto/sign"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/commission"
)

// ChainID of the sample chain.
const ChainID = "sample-0011223344556677"

// Times of the sample election, Unix milliseconds.
const (
	Start         = int64(1_700_000_000_000)
	CeremonyOpens = Start + 100_000
	IssuingOpens  = Start + 200_000
	VotingOpens   = Start + 300_000
	Closes        = Start + 400_000
)

// Key is the signing key of a holder.
func Key(holder string) sign.PrivateKey {
	return sign.NewPrivateKey(sha256.Sum256([]byte("sample key of " + holder)))
}

// Public is the public key of a holder.
func Public(holder string) []byte {
	public := Key(holder).Public()
	return public[:]
}

// Members of the commission; the quorum is two.
var Members = []string{"chair", "secretary", "member"}

// Commission is the genesis of the commission.
func Commission() commission.Genesis {
	g := commission.Genesis{Quorum: 2}
	for _, name := range Members {
		g.Members = append(g.Members, commission.Member{Name: name, Role: "member", Key: Public(name)})
	}
	return g
}

// Definition is a valid definition: one zone, styles 0 and 1 of one token class
// with a choice and a points contest, two panels of two issuers, three trustees
// of whom two decrypt, small classes allowed. Each call makes a new one.
func Definition() *electionv1.Definition {
	def := &electionv1.Definition{
		Title: Text("Sample election"),
		Contests: []*electionv1.Contest{
			{
				Title: Text("Mayor"), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 0, Max: 1, FirstSlot: 1,
				Options: []*electionv1.Option{{Title: Text("A")}, {Title: Text("B")}, {Title: Text("C")}},
			},
			{
				Title: Text("Projects"), Kind: electionv1.ContestKind_CONTEST_KIND_POINTS, MaxPoints: 3, HasTotal: true, TotalMax: 5, FirstSlot: 4,
				Options: []*electionv1.Option{{Title: Text("Park")}, {Title: Text("Road")}},
			},
		},
		Groups: []*electionv1.CountingGroup{{Title: Text("North")}, {Title: Text("South")}},
		Zones: []*electionv1.Zone{{
			Title: Text("City"), TimeZone: "Europe/Moscow",
			CeremonyOpensMs: CeremonyOpens, IssuingOpensMs: IssuingOpens, VotingOpensMs: VotingOpens, ClosesMs: Closes,
		}},
		Classes: []*electionv1.TokenClass{{Name: "city"}},
		Styles: []*electionv1.Style{
			{Name: "north", Title: Text("North"), Group: 0, Contests: []uint32{0, 1}},
			{Name: "south", Title: Text("South"), Group: 1, Contests: []uint32{0, 1}},
		},
		Revote:       &electionv1.RevotePolicy{Allowed: true, WindowMs: 60_000, IntervalMs: 10_000},
		Panels:       []*electionv1.Panel{{Issuers: []uint32{0, 1}}, {Issuers: []uint32{2, 0}}},
		Threshold:    2,
		Ceremony:     &electionv1.CeremonyWindows{WindowMs: 5000, WindowBlocks: 5},
		SmallClasses: true,
		TokenBits:    2048,
		Nonce:        make([]byte, 16),
	}
	for _, name := range []string{"issuer-0", "issuer-1", "issuer-2"} {
		def.Issuers = append(def.Issuers, &electionv1.Issuer{Name: name, OperatorKey: Public(name)})
	}
	for _, name := range []string{"trustee-0", "trustee-1", "trustee-2"} {
		def.Trustees = append(def.Trustees, &electionv1.Trustee{Name: name, Key: Public(name)})
	}
	return def
}

// Text is a title in one language.
func Text(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "en", Text: s}} }

// Entry is an entry id.
func Entry(name string) []byte {
	id := sha256.Sum256([]byte("sample entry " + name))
	return id[:]
}
