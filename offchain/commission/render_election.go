package commission

import (
	"fmt"
	"strings"
	"time"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// listing collects lines of text.
type listing []string

func (l *listing) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

// renderElection says everything that a definition says: whoever approves it
// approves each word. Words of the definition stand in quotes, so that none
// passes for ours. It refuses what the ledger refuses.
func renderElection(chainID string, def *electionv1.Definition, members [][]byte) ([]string, error) {
	if err := election.Validate(def); err != nil {
		return nil, fmt.Errorf("create an election that the ledger refuses: %w", err)
	}
	var l listing
	l.add("create election %x", election.DefinitionID(chainID, def))
	l.add("title: %s", titles(def.Title))
	l.add("nonce: %x", def.Nonce)
	l.add("numbers of zones, contests, options, styles, groups, classes, issuers, panels and trustees count from 0")
	for i, z := range def.Zones {
		l.add("zone %d: %s; time zone %q", i, titles(z.Title), z.TimeZone)
		l.add("  key ceremony opens %s, issuing opens %s", at(z.CeremonyOpensMs), at(z.IssuingOpensMs))
		l.add("  voting opens %s, closes %s", at(z.VotingOpensMs), at(z.ClosesMs))
	}
	for i, c := range def.Contests {
		l.contest(i, c)
	}
	l.ballots(def)
	l.voting(def)
	l.people(def)
	for _, w := range election.Warnings(def, members...) {
		l.add("WARNING: %s", w)
	}
	return l, nil
}

func (l *listing) contest(i int, c *electionv1.Contest) {
	n := len(c.Options)
	l.add("contest %d: %s; slots %d to %d", i, titles(c.Title), c.FirstSlot, int(c.FirstSlot)+n-1)
	switch {
	case c.Kind == electionv1.ContestKind_CONTEST_KIND_CHOICE:
		l.add("  mark %d to %d of %d options", c.Min, c.Max, n)
	case c.HasTotal:
		l.add("  give each of %d options 0 to %d points, %d to %d in all", n, c.MaxPoints, c.TotalMin, c.TotalMax)
	default:
		l.add("  give each of %d options 0 to %d points, in all as many as one likes", n, c.MaxPoints)
	}
	for k, o := range c.Options {
		l.add("  option %d: %s", k, titles(o.Title))
	}
}

// ballots says who votes on what, and with whom one is counted.
func (l *listing) ballots(def *electionv1.Definition) {
	for i, g := range def.Groups {
		l.add("counting group %d: %s", i, titles(g.Title))
	}
	for i, c := range def.Classes {
		l.add("token class %d: %q", i, c.Name)
	}
	for i, s := range def.Styles {
		title := "no title"
		if len(s.Title) > 0 {
			title = titles(s.Title)
		}
		l.add("style %d %q: %s; zone %d, counting group %d, token class %d, contests %s", i, s.Name, title, s.Zone, s.Group, s.TokenClass, numbers(s.Contests))
	}
}

// voting says how one votes and when ballots are joined.
func (l *listing) voting(def *electionv1.Definition) {
	switch r := def.Revote; {
	case !r.Allowed:
		l.add("each voter casts one ballot; it is not replaced")
	case r.WindowMs == 0:
		l.add("a voter may cast again until the close, %s after the last ballot at the earliest; the last counts", span(r.IntervalMs))
	default:
		l.add("a voter may cast again within %s of the first ballot, %s after the last at the earliest; the last counts", span(r.WindowMs), span(r.IntervalMs))
	}
	l.add("counting groups are joined until %d ballots are together", election.MinJoined(def))
	if def.SmallClasses {
		l.add("token classes may have fewer than %d entries", election.SmallClass)
	} else {
		l.add("each token class has no entries, or %d at least", election.SmallClass)
	}
	for _, p := range def.Pages {
		l.add("trusted voter page %q: SHA-256 %x", p.Name, p.Sha256)
	}
	if len(def.Pages) == 0 {
		l.add("no voter page is named as trusted")
	}
}

// people says who issues tokens, who keeps the key and how it is made.
func (l *listing) people(def *electionv1.Definition) {
	for i, s := range def.Issuers {
		l.add("issuer %d: %q, operator key %x", i, s.Name, s.OperatorKey)
	}
	for i, p := range def.Panels {
		l.add("panel %d: issuers %s", i, numbers(p.Issuers))
	}
	l.add("panel 0 issues first; issuers sign with RSA keys of %d bits", def.TokenBits)
	for i, t := range def.Trustees {
		l.add("trustee %d: %q, key %x", i, t.Name, t.Key)
	}
	l.add("threshold: %d of %d trustees decrypt", def.Threshold, len(def.Trustees))
	l.add("%d trustees must confirm the key and pass the drill", election.Confirmations(def))
	ms, blocks := election.CeremonyWindow(def)
	l.add("a window of the key ceremony lasts %s and %d blocks at least, unless all have acted", span(ms), blocks)
}

// titles shows a title in all its languages.
func titles(list []*electionv1.Text) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = fmt.Sprintf("%s %q", t.Lang, t.Text)
	}
	return strings.Join(out, ", ")
}

func numbers(list []uint32) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, ", ")
}

func span(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }
