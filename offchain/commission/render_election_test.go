package commission_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/commission"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	act "github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// rich is a valid definition in which nearly every field may change by itself.
func rich() *electionv1.Definition {
	def := sample.Definition()
	def.Title = append(def.Title, &electionv1.Text{Lang: "ru", Text: "Выборы"})
	def.Contests = append(def.Contests, &electionv1.Contest{
		Title: sample.Text("Roads"), Kind: electionv1.ContestKind_CONTEST_KIND_POINTS, MaxPoints: 2, FirstSlot: 4,
		Options: []*electionv1.Option{{Title: sample.Text("North road")}, {Title: sample.Text("South road")}},
	})
	zone := *def.Zones[0]
	zone.Title = sample.Text("Harbour")
	def.Zones = append(def.Zones, &zone)
	for i, name := range []string{"quay", "pier", "mole"} {
		def.Groups = append(def.Groups, &electionv1.CountingGroup{Title: sample.Text(name)})
		def.Classes = append(def.Classes, &electionv1.TokenClass{Name: name})
		def.Styles = append(def.Styles, &electionv1.Style{Name: name, Title: sample.Text(name), Zone: 1, Group: uint32(2 + i), TokenClass: uint32(1 + i), Contests: []uint32{0, 2}})
	}
	def.Styles = append(def.Styles,
		&electionv1.Style{Name: "dock", Zone: 1, Group: 4, TokenClass: 3, Contests: []uint32{0, 2}})
	def.Revote = &electionv1.RevotePolicy{Allowed: true}
	def.Confirmations, def.MinJoined = 3, 12
	def.Pages = []*electionv1.Page{{Name: "page", Sha256: make([]byte, 32)}}
	return def
}

// shown is how a definition is put into words, without the ids that depend on
// all of it.
func shown(t *testing.T, def *electionv1.Definition, members ...[]byte) string {
	t.Helper()
	p := &commissionv1.Proposal{Action: uint32(commissionv1.Action_ACTION_CREATE_ELECTION), Nonce: make([]byte, 16), ExpiresMs: 1,
		Body: ledger.MustEncode(&electionv1.CreateElection{Definition: def})}
	text, err := commission.Render(chain, act.ProposalID(chain, p), ledger.MustEncode(&commissionv1.ProposalState{Proposal: p}), members...)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "Proposal ") || strings.HasPrefix(line, "  create election ")
	}), "")
}

// leaves visits every value of a message that holds no further message, by the
// name of its message and field.
func leaves(v reflect.Value, name string, visit func(name string, leaf reflect.Value)) {
	switch {
	case v.Kind() == reflect.Pointer:
		leaves(v.Elem(), name, visit)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), v.Type().Name()+"."+v.Type().Field(i).Name, visit)
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			leaves(v.Index(i), name, visit)
		}
	default:
		visit(name, v)
	}
}

// others are values near to or of the kind of a leaf's.
func others(leaf reflect.Value) []reflect.Value {
	var out []reflect.Value
	switch leaf.Kind() {
	case reflect.String:
		out = append(out, reflect.ValueOf(leaf.String()+"x"))
	case reflect.Bool:
		out = append(out, reflect.ValueOf(!leaf.Bool()))
	case reflect.Slice:
		if len(leaf.Bytes()) == 32 {
			out = append(out, reflect.ValueOf(sample.Public("somebody else")))
		}
		flipped := slices.Clone(leaf.Bytes())
		flipped[0] ^= 1
		out = append(out, reflect.ValueOf(flipped))
	default:
		for _, by := range []int64{1, -1, 2, -2, 1024} {
			n := reflect.New(leaf.Type()).Elem()
			if leaf.CanInt() {
				n.SetInt(leaf.Int() + by)
			} else {
				n.SetUint(leaf.Uint() + uint64(by))
			}
			out = append(out, n)
		}
	}
	return out
}

// An approver signs every bit of the definition: whatever differs between two
// of them differs in words.
func TestEveryFieldOfADefinitionIsShown(t *testing.T) {
	base := rich()
	before := shown(t, base)
	tried, changed := map[string]bool{}, map[string]bool{}
	var all []reflect.Value
	leaves(reflect.ValueOf(base), "", func(name string, leaf reflect.Value) {
		tried[name] = true
		all = append(all, leaf)
	})
	for n, leaf := range all {
		for _, other := range others(leaf) {
			def := ledger.MustDecode[electionv1.Definition](ledger.MustEncode(base))
			at, what := 0, ""
			leaves(reflect.ValueOf(def), "", func(name string, leaf reflect.Value) {
				if at == n {
					leaf.Set(other.Convert(leaf.Type()))
					what = name
				}
				at++
			})
			if election.Validate(def) != nil {
				continue
			}
			changed[what] = true
			if shown(t, def) == before {
				t.Errorf("%s: %v instead of %v is not shown", what, other, leaf)
			}
		}
	}
	for name := range tried {
		// These change only together with others: see below.
		if !changed[name] && name != "Contest.Kind" && name != "Contest.HasTotal" {
			t.Errorf("%s: the definition allows no other value", name)
		}
	}
	if len(tried) < 39 {
		t.Errorf("only %d fields were found", len(tried))
	}
}

func TestKindsAndListsOfADefinitionAreShown(t *testing.T) {
	before := shown(t, rich())
	for name, change := range map[string]func(d *electionv1.Definition){
		"kind": func(d *electionv1.Definition) {
			c := d.Contests[2]
			c.Kind, c.Max, c.MaxPoints = electionv1.ContestKind_CONTEST_KIND_CHOICE, 2, 0
		},
		"total": func(d *electionv1.Definition) { d.Contests[2].HasTotal, d.Contests[2].TotalMax = true, 4 },
		"option": func(d *electionv1.Definition) {
			d.Contests[2].Options = append(d.Contests[2].Options, &electionv1.Option{Title: sample.Text("none")})
		},
		"language": func(d *electionv1.Definition) {
			d.Contests[0].Options[1].Title = append(d.Contests[0].Options[1].Title, d.Title[1])
		},
		"trustee":         func(d *electionv1.Definition) { d.Trustees = d.Trustees[:3:3]; d.Trustees[2].Key = sample.Public("x") },
		"panel":           func(d *electionv1.Definition) { d.Panels = d.Panels[:1] },
		"issuer of panel": func(d *electionv1.Definition) { d.Panels[0].Issuers = append(d.Panels[0].Issuers, 2) },
		"page":            func(d *electionv1.Definition) { d.Pages = nil },
		"contests":        func(d *electionv1.Definition) { d.Styles[2].Contests = []uint32{0} },
		"title of style":  func(d *electionv1.Definition) { d.Styles[5].Title = sample.Text("Dock") },
		"order":           func(d *electionv1.Definition) { slices.Reverse(d.Issuers[:2]) },
	} {
		def := rich()
		change(def)
		if err := election.Validate(def); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if shown(t, def) == before {
			t.Errorf("%s: not shown", name)
		}
	}
}

func TestWordsOfADefinitionPassForNothingElse(t *testing.T) {
	def := rich()
	def.Contests[0].Title[0].Text = `A", ru "B; slots 1 to 9`
	if text := shown(t, def); !strings.Contains(text, `"A\", ru \"B; slots 1 to 9"; slots 1 to 3`) {
		t.Errorf("the quotes are not told apart:\n%s", text)
	}
	if text := shown(t, def, sample.Public("trustee-0")); !strings.Contains(text, `WARNING: the key of trustee "trustee-0" is also a key of the commission`) {
		t.Errorf("no warning of a key in two hands:\n%s", text)
	}
}

func TestADefinitionThatTheLedgerRefusesIsNotShown(t *testing.T) {
	bad := rich()
	bad.Threshold = 9
	for name, def := range map[string]*electionv1.Definition{"threshold": bad, "nothing": nil} {
		p := &commissionv1.Proposal{Action: uint32(commissionv1.Action_ACTION_CREATE_ELECTION), Nonce: make([]byte, 16), ExpiresMs: 1,
			Body: ledger.MustEncode(&electionv1.CreateElection{Definition: def})}
		if text, err := commission.Render(chain, act.ProposalID(chain, p), ledger.MustEncode(&commissionv1.ProposalState{Proposal: p})); err == nil {
			t.Errorf("%s: shown:\n%s", name, text)
		}
	}
}
