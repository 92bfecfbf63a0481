package election_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

type mutation struct {
	field  string
	change func(*electionv1.Definition)
}

var mutations = []mutation{
	{"title", func(d *electionv1.Definition) { d.Title = nil }},
	{"title[0].lang", func(d *electionv1.Definition) { d.Title[0].Lang = "E" }},
	{"title[0].text", func(d *electionv1.Definition) { d.Title[0].Text = "" }},
	{"title[0].text", func(d *electionv1.Definition) { d.Title[0].Text = "a\x00b" }},
	{"title[0].text", func(d *electionv1.Definition) { d.Title[0].Text = "a\u202eb" }},
	{"title[0].text", func(d *electionv1.Definition) { d.Title[0].Text = "\xff" }},
	{"title[0].text", func(d *electionv1.Definition) { d.Title[0].Text = strings.Repeat("a", 1001) }},
	{"title[1].lang", func(d *electionv1.Definition) { d.Title = append(d.Title, sample.Text("again")...) }},
	{"contests", func(d *electionv1.Definition) { d.Contests = nil }},
	{"contests[0].title", func(d *electionv1.Definition) { d.Contests[0].Title = nil }},
	{"contests[0].options", func(d *electionv1.Definition) { d.Contests[0].Options = nil }},
	{"contests[0].options", func(d *electionv1.Definition) {
		d.Contests[0].Options = slices.Repeat(d.Contests[0].Options[:1], 501)
	}},
	{"contests[0].options[1].title", func(d *electionv1.Definition) { d.Contests[0].Options[1].Title = nil }},
	{"contests[0].kind", func(d *electionv1.Definition) { d.Contests[0].Kind = 0 }},
	{"contests[0].max", func(d *electionv1.Definition) { d.Contests[0].Max = 4 }},
	{"contests[0].max", func(d *electionv1.Definition) { d.Contests[0].Max = 0 }},
	{"contests[0].min", func(d *electionv1.Definition) { d.Contests[0].Min = 2 }},
	{"contests[0]", func(d *electionv1.Definition) { d.Contests[0].MaxPoints = 1 }},
	{"contests[0].first_slot", func(d *electionv1.Definition) { d.Contests[0].FirstSlot = 0 }},
	{"contests[0].first_slot", func(d *electionv1.Definition) { d.Contests[0].FirstSlot = 4095 }},
	{"contests[0].first_slot", func(d *electionv1.Definition) { d.Contests[0].FirstSlot = 1<<32 - 1 }},
	{"contests[1]", func(d *electionv1.Definition) { d.Contests[1].Max = 1 }},
	{"contests[1].max_points", func(d *electionv1.Definition) { d.Contests[1].MaxPoints = 0 }},
	{"contests[1].has_total", func(d *electionv1.Definition) { d.Contests[1].HasTotal = false }},
	{"contests[1].total_max", func(d *electionv1.Definition) { d.Contests[1].TotalMax = 7 }},
	{"contests[1].total_min", func(d *electionv1.Definition) { d.Contests[1].TotalMin = 6 }},
	{"groups", func(d *electionv1.Definition) { d.Groups = nil }},
	{"groups[1].title", func(d *electionv1.Definition) { d.Groups[1].Title = nil }},
	{"groups[2]", func(d *electionv1.Definition) {
		d.Groups = append(d.Groups, &electionv1.CountingGroup{Title: sample.Text("nobody")})
	}},
	{"zones", func(d *electionv1.Definition) { d.Zones = nil }},
	{"zones[0].time_zone", func(d *electionv1.Definition) { d.Zones[0].TimeZone = "" }},
	{"zones[0].time_zone", func(d *electionv1.Definition) { d.Zones[0].TimeZone = "Moscow time" }},
	{"zones[0].ceremony_opens_ms", func(d *electionv1.Definition) { d.Zones[0].CeremonyOpensMs = 0 }},
	{"zones[0].issuing_opens_ms", func(d *electionv1.Definition) { d.Zones[0].IssuingOpensMs = d.Zones[0].CeremonyOpensMs }},
	{"zones[0].voting_opens_ms", func(d *electionv1.Definition) { d.Zones[0].VotingOpensMs = d.Zones[0].IssuingOpensMs }},
	{"zones[0].closes_ms", func(d *electionv1.Definition) { d.Zones[0].ClosesMs = d.Zones[0].VotingOpensMs }},
	{"zones[0].closes_ms", func(d *electionv1.Definition) { d.Zones[0].ClosesMs = 1 << 60 }},
	{"zones[1]", func(d *electionv1.Definition) { d.Zones = append(d.Zones, d.Zones[0]) }},
	{"classes", func(d *electionv1.Definition) { d.Classes = nil }},
	{"classes[0].name", func(d *electionv1.Definition) { d.Classes[0].Name = "" }},
	{"classes[1].name", func(d *electionv1.Definition) { d.Classes = append(d.Classes, d.Classes[0]) }},
	{"classes[1]", func(d *electionv1.Definition) {
		d.Classes = append(d.Classes, &electionv1.TokenClass{Name: "nobody"})
	}},
	{"styles", func(d *electionv1.Definition) { d.Styles = nil }},
	{"styles[1].name", func(d *electionv1.Definition) { d.Styles[1].Name = "north" }},
	{"styles[0].zone", func(d *electionv1.Definition) { d.Styles[0].Zone = 1 }},
	{"styles[0].group", func(d *electionv1.Definition) { d.Styles[0].Group = 2 }},
	{"styles[0].token_class", func(d *electionv1.Definition) { d.Styles[0].TokenClass = 1 }},
	{"styles[0].contests", func(d *electionv1.Definition) { d.Styles[0].Contests = nil }},
	{"styles[0].contests", func(d *electionv1.Definition) { d.Styles[0].Contests = []uint32{0, 2} }},
	{"styles[0].contests", func(d *electionv1.Definition) { d.Styles[0].Contests = []uint32{1, 0} }},
	{"styles[0].contests", func(d *electionv1.Definition) { d.Styles[0].Contests = []uint32{0, 0} }},
	{"styles[0].contests", func(d *electionv1.Definition) { d.Contests[1].FirstSlot = 3 }},
	{"styles[1].contests", func(d *electionv1.Definition) { d.Styles[1].Contests = []uint32{0} }},
	{"styles[1].zone", secondZone},
	{"styles[1].zone", func(d *electionv1.Definition) {
		secondZone(d)
		d.Classes = append(d.Classes, &electionv1.TokenClass{Name: "other"})
		d.Styles[1].TokenClass = 1
		d.Styles[1].Group = 0
	}},
	{"contests[2]", func(d *electionv1.Definition) { d.Contests = append(d.Contests, d.Contests[0]) }},
	{"revote", func(d *electionv1.Definition) { d.Revote = nil }},
	{"revote", func(d *electionv1.Definition) { d.Revote.Allowed = false }},
	{"revote.window_ms", func(d *electionv1.Definition) { d.Revote.WindowMs = -1 }},
	{"revote.interval_ms", func(d *electionv1.Definition) { d.Revote.IntervalMs = d.Revote.WindowMs + 1 }},
	{"issuers", func(d *electionv1.Definition) { d.Issuers = nil }},
	{"issuers[1].operator_key", func(d *electionv1.Definition) { d.Issuers[1].OperatorKey = d.Issuers[0].OperatorKey }},
	{"issuers[1].operator_key", func(d *electionv1.Definition) { d.Issuers[1].OperatorKey = make([]byte, 32) }},
	{"issuers[1].operator_key", func(d *electionv1.Definition) { d.Issuers[1].OperatorKey = nil }},
	{"issuers[1].name", func(d *electionv1.Definition) { d.Issuers[1].Name = "issuer-0" }},
	{"panels", func(d *electionv1.Definition) { d.Panels = nil }},
	{"panels[0].issuers", func(d *electionv1.Definition) { d.Panels[0].Issuers = nil }},
	{"panels[0].issuers", func(d *electionv1.Definition) { d.Panels[0].Issuers = []uint32{1, 1} }},
	{"panels[1].issuers", func(d *electionv1.Definition) { d.Panels[1].Issuers = []uint32{3} }},
	{"trustees", func(d *electionv1.Definition) { d.Trustees = nil }},
	{"trustees", func(d *electionv1.Definition) { d.Trustees = slices.Repeat(d.Trustees, 7) }},
	{"trustees[2].key", func(d *electionv1.Definition) { d.Trustees[2].Key = d.Trustees[0].Key }},
	{"threshold", func(d *electionv1.Definition) { d.Threshold = 0 }},
	{"threshold", func(d *electionv1.Definition) { d.Threshold = 4 }},
	{"confirmations", func(d *electionv1.Definition) { d.Confirmations = 1 }},
	{"confirmations", func(d *electionv1.Definition) { d.Confirmations = 4 }},
	{"ceremony", func(d *electionv1.Definition) { d.Ceremony = nil }},
	{"ceremony.window_ms", func(d *electionv1.Definition) { d.Ceremony.WindowMs = -1 }},
	{"token_bits", func(d *electionv1.Definition) { d.TokenBits = 1024 }},
	{"pages[0].sha256", func(d *electionv1.Definition) { d.Pages = []*electionv1.Page{{Name: "index.html"}} }},
	{"nonce", func(d *electionv1.Definition) { d.Nonce = nil }},
}

// secondZone puts style 1 into a zone of its own.
func secondZone(d *electionv1.Definition) {
	zone := *d.Zones[0]
	d.Zones = append(d.Zones, &zone)
	d.Styles[1].Zone = 1
}

func TestValidateAcceptsTheSample(t *testing.T) {
	if err := election.Validate(sample.Definition()); err != nil {
		t.Fatal(err)
	}
}

func TestValidateRefusesEachBrokenRuleAtItsField(t *testing.T) {
	for i, m := range mutations {
		def := sample.Definition()
		m.change(def)
		var r *ledger.Refusal
		if err := election.Validate(def); !errors.As(err, &r) || r.Code != election.CodeDefinition || r.Field != m.field {
			t.Errorf("mutation %d: got %v, want field %s", i, err, m.field)
		}
	}
	if err := election.Validate(nil); err == nil {
		t.Error("no definition is accepted")
	}
}

func TestValidateAcceptsZonesOfTheirOwn(t *testing.T) {
	def := sample.Definition()
	secondZone(def)
	def.Classes = append(def.Classes, &electionv1.TokenClass{Name: "other"})
	def.Styles[1].TokenClass = 1
	if err := election.Validate(def); err != nil {
		t.Fatal(err)
	}
	if got := election.ZoneStyles(def, 1); !slices.Equal(got, []uint32{1}) {
		t.Fatalf("styles %v", got)
	}
	if got := election.ClassZone(def, 1); got != 1 {
		t.Fatalf("zone %d", got)
	}
}

func TestContestsThatNeverMeetMayShareSlots(t *testing.T) {
	def := sample.Definition()
	secondZone(def)
	def.Classes = append(def.Classes, &electionv1.TokenClass{Name: "other"})
	def.Styles[1].TokenClass = 1
	def.Contests[1].FirstSlot = 1
	def.Styles[0].Contests = []uint32{0}
	def.Styles[1].Contests = []uint32{1}
	if err := election.Validate(def); err != nil {
		t.Fatal(err)
	}
	if election.Slots(def, 0) != 3 || election.Slots(def, 1) != 2 {
		t.Fatalf("slots %d and %d", election.Slots(def, 0), election.Slots(def, 1))
	}
}

func TestABallotLargerThanAProofIsRefused(t *testing.T) {
	def := sample.Definition()
	contest := def.Contests[0]
	contest.Options = slices.Repeat(contest.Options[:1], 64)
	def.Contests = nil
	var ballot []uint32
	for i := range uint32(64) {
		c := *contest
		c.FirstSlot = 1 + i*64
		def.Contests = append(def.Contests, &c)
		ballot = append(ballot, i)
	}
	def.Styles[0].Contests, def.Styles[1].Contests = ballot, ballot
	var r *ledger.Refusal
	if err := election.Validate(def); !errors.As(err, &r) || r.Field != "styles[0].contests" {
		t.Fatalf("got %v", err)
	}
}

func TestShapeJoinsTheContestsOfAStyle(t *testing.T) {
	def := sample.Definition()
	shape, slots := election.Shape(def, 1)
	if err := shape.Validate(); err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 2, 3, 4, 5}; !slices.Equal(slots, want) || len(shape.Forms) != 5 || len(shape.Constraints) != 2 {
		t.Fatalf("slots %v, %d forms, %d constraints", slots, len(shape.Forms), len(shape.Constraints))
	}
	if got := election.ContestSlots(def, 1); !slices.Equal(got, []int{4, 5}) {
		t.Fatalf("slots of the second contest %v", got)
	}
	if election.Slots(def, 0) != 5 {
		t.Fatalf("highest slot %d", election.Slots(def, 0))
	}
}

func TestListsFollowTheDefinition(t *testing.T) {
	def := sample.Definition()
	for name, pair := range map[string][2][]uint32{
		"class styles":   {election.ClassStyles(def, 0), {0, 1}},
		"zone classes":   {election.ZoneClasses(def, 0), {0}},
		"zone contests":  {election.ZoneContests(def, 0), {0, 1}},
		"contest groups": {election.ContestGroups(def, 0, 1), {0, 1}},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	if election.Confirmations(def) != 3 || election.MinJoined(def) != 10 {
		t.Fatalf("confirmations %d, joined %d", election.Confirmations(def), election.MinJoined(def))
	}
	def.Ceremony = &electionv1.CeremonyWindows{}
	if ms, blocks := election.CeremonyWindow(def); ms != 600_000 || blocks != 100 {
		t.Fatalf("window of %d ms, %d blocks", ms, blocks)
	}
}

func TestIDDependsOnChainAndEveryByte(t *testing.T) {
	def := sample.Definition()
	id := election.DefinitionID(sample.ChainID, def)
	if id == election.DefinitionID("another", def) {
		t.Error("same id on another chain")
	}
	def.Nonce[15] ^= 1
	if id == election.DefinitionID(sample.ChainID, def) {
		t.Error("same id with another nonce")
	}
	if got, want := fmt.Sprintf("%x", election.ID("urna-0123456789abcdef", []byte("definition"))),
		"3fcb893f9c8a1fa2949097cb9144b0307a8944f908a8459f7eb8a0c956f30d00"; got != want {
		t.Errorf("id of the vector is %s", got)
	}
}

func TestWarningsNameWhatWeakensTheElection(t *testing.T) {
	def := sample.Definition()
	def.SmallClasses, def.Styles[1].Group = false, 0
	if got := election.Warnings(def); len(got) != 0 {
		t.Fatalf("warnings %q of a sound definition", got)
	}
	def.Panels[1].Issuers = def.Panels[1].Issuers[:1]
	def.Threshold = 1
	def.MinJoined = 3
	def.SmallClasses = true
	def.Issuers[0].OperatorKey = def.Trustees[0].Key
	got := election.Warnings(def, def.Trustees[0].Key)
	for _, want := range []string{"one issuer", "alone can decrypt", "also a key of the commission", "sit in the commission", "also a trustee's", "fewer than 100", "sums of 3"} {
		if !slices.ContainsFunc(got, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("no warning says %q: %q", want, got)
		}
	}
	def.Threshold = 3
	if got := election.Warnings(def); !slices.ContainsFunc(got, func(w string) bool { return strings.Contains(w, "loses the result") }) {
		t.Errorf("no warning that all are needed: %q", got)
	}
}

func TestDecodersRefuseSecondSpellings(t *testing.T) {
	good := ledger.MustEncode(&electionv1.CreateElection{Definition: sample.Definition()})
	if _, err := election.DecodeCreateElection(good); err != nil {
		t.Fatal(err)
	}
	unknown := append(slices.Clone(good), 0x7a, 0x00)
	if _, err := election.DecodeCreateElection(unknown); err == nil {
		t.Error("unknown field accepted")
	}
	cancel := ledger.MustEncode(&electionv1.CancelElection{ElectionId: make([]byte, 32), Reason: "flood"})
	if _, err := election.DecodeCancelElection(append(cancel, cancel...)); err == nil {
		t.Error("fields given twice accepted")
	}
	if _, err := election.DecodeExtendClose([]byte{0x10, 0x00}); err == nil {
		t.Error("explicit default accepted")
	}
}

func FuzzDecodeCreateElection(f *testing.F) {
	f.Add(ledger.MustEncode(&electionv1.CreateElection{Definition: sample.Definition()}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := election.DecodeCreateElection(b)
		if err != nil || election.ValidateCreateElection(m) != nil {
			return
		}
		for style := range uint32(len(m.Definition.Styles)) {
			if shape, _ := election.Shape(m.Definition, style); shape.Validate() != nil {
				t.Fatalf("style %d of a valid definition has no valid shape", style)
			}
		}
		election.Warnings(m.Definition)
	})
}
