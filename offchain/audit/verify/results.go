package verify

import (
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/tally"
)

// elections are the report's lines about the elections of the chain.
func (v *verifier) elections() []Election {
	out := []Election{}
	var members [][]byte
	for _, m := range v.genesis.State.Commission.Members {
		members = append(members, m.Key)
	}
	var asked asking
	if v.last.header != nil {
		asked = v.asked(v.last.header.Height)
	}
	for _, e := range v.ordered {
		line := Election{ID: api.Hex(e.id[:]), Title: texts(e.def.Title), Definition: e.def,
			Warnings: append([]string{}, election.Warnings(e.def, members...)...)}
		for i, c := range e.classes {
			class := Class{Name: e.def.Classes[i].Name, Roll: e.rolls[i], Issued: c.issued, Accepted: c.accepted, Recasts: c.recasts}
			for _, style := range election.ClassStyles(e.def, uint32(i)) {
				class.Removed += e.removed[style].count
			}
			class.Silent = asked.silent[ofClass{e.number, uint32(i)}]
			line.Classes = append(line.Classes, class)
		}
		for i := range e.def.Issuers {
			if a := asked.issuers[ofIssuer{e.number, uint32(i)}]; a != nil {
				line.Asked = append(line.Asked, *a)
			}
		}
		for _, z := range e.zones {
			line.Zones = append(line.Zones, z.report())
		}
		out = append(out, line)
	}
	return out
}

func (z *zone) report() Zone {
	out := Zone{
		Zone: z.index, Phase: election.PhaseName(z.state.Phase), State: z.state, Key: z.key,
		Units: z.units, Shares: z.shares, Result: z.result, Protocol: z.protocol,
		Final: z.state.Phase == electionv1.Phase_PHASE_FINAL, Counts: []Counts{},
	}
	if z.ceremony != nil {
		out.Ceremony = z.ceremony.st
	}
	if z.protocol != nil {
		hash := tally.ProtocolHash(z.protocol)
		out.ProtocolHash = hash[:]
	}
	if z.result == nil {
		return out
	}
	for i, u := range z.units.Units {
		contest := z.election.def.Contests[u.Contest]
		c := Counts{Contest: u.Contest, Title: title(contest.Title), Groups: u.Groups, Ballots: u.Ballots}
		for _, g := range u.Groups {
			c.Titles = append(c.Titles, title(z.election.def.Groups[g].Title))
		}
		for o, n := range z.result.Units[i].Counts {
			c.Options = append(c.Options, Option{Title: title(contest.Options[o].Title), Count: n})
		}
		out.Counts = append(out.Counts, c)
	}
	return out
}

func texts(list []*electionv1.Text) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[t.Lang] = t.Text
	}
	return out
}

// title is the first line of a title; a valid definition has one.
func title(list []*electionv1.Text) string { return list[0].Text }
