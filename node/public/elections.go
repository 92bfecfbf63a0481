package public

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

func (s *Server) routeElections(a huma.API) {
	huma.Register(a, op("GET", "/elections", "elections", "All elections of the chain"), s.elections)
	huma.Register(a, op("GET", "/elections/{id}", "election", "An election with its definition"), s.election)
	huma.Register(a, op("GET", "/elections/{id}/proven", "proven", "Objects of an election with their proof"), s.proven)
	huma.Register(a, op("GET", "/elections/{id}/roll/{style}", "roll", "Entries of a style's roll"), s.roll)
	huma.Register(a, op("GET", "/elections/{id}/entries/{hash}", "entry", "An entry's place, token and proofs, at the last provable height"), s.entry)
}

// known finds an election or answers 404.
func (s *Server) known(r ledger.Reader, id [32]byte) (*electionv1.Definition, error) {
	def, found := s.Keepers.Election.Definition(r, id)
	if !found {
		return nil, notFound(fmt.Sprintf("no election %x", id))
	}
	return def, nil
}

// knownZone finds a zone or answers 404.
func (s *Server) knownZone(r ledger.Reader, id [32]byte, zone uint32) (*electionv1.Definition, electionv1.ZoneState, error) {
	def, err := s.known(r, id)
	if err != nil {
		return nil, electionv1.ZoneState{}, err
	}
	state, found := s.Keepers.Election.Zone(r, id, zone)
	if !found {
		return nil, electionv1.ZoneState{}, notFound(fmt.Sprintf("the election has no zone %d", zone))
	}
	return def, state, nil
}

func (s *Server) elections(context.Context, *none) (*answer[[]api.Election], error) {
	return view(s, func(v *app.View) ([]api.Election, error) {
		out := []api.Election{}
		for _, id := range v.Elections() {
			def, err := s.known(v.Reader(), id)
			if err != nil {
				return nil, err
			}
			out = append(out, s.describe(v.Reader(), id, def))
		}
		return out, nil
	})
}

func (s *Server) election(_ context.Context, in *ByElection) (*answer[api.Election], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Election, error) {
		def, err := s.known(v.Reader(), id)
		if err != nil {
			return api.Election{}, err
		}
		out := s.describe(v.Reader(), id, def)
		out.Definition = ledger.MustEncode(def)
		return out, nil
	})
}

// describe says for people what a definition says.
func (s *Server) describe(r ledger.Reader, id [32]byte, def *electionv1.Definition) api.Election {
	var commission [][]byte
	for _, m := range s.Keepers.Commission.Members(r) {
		commission = append(commission, m.Key)
	}
	out := api.Election{
		ID: id[:], Title: texts(def.Title), Rehearsal: s.Genesis.App.Rehearsal,
		Warnings: append([]string{}, election.Warnings(def, commission...)...),
		Zones:    []api.Zone{}, Contests: []api.Contest{}, Styles: []api.Style{}, Issuers: []api.Issuer{}, Trustees: []api.Trustee{},
		Threshold: def.Threshold, Revote: def.Revote != nil && def.Revote.Allowed,
	}
	for i, z := range def.Zones {
		out.Zones = append(out.Zones, s.zone(r, id, uint32(i), z))
	}
	for _, c := range def.Contests {
		contest := api.Contest{Title: texts(c.Title), Kind: "choice", Min: c.Min, Max: c.Max, Options: []map[string]string{}}
		if c.Kind == electionv1.ContestKind_CONTEST_KIND_POINTS {
			contest.Kind, contest.Min, contest.Max = "points", 0, c.MaxPoints
		}
		for _, o := range c.Options {
			contest.Options = append(contest.Options, texts(o.Title))
		}
		out.Contests = append(out.Contests, contest)
	}
	for _, st := range def.Styles {
		out.Styles = append(out.Styles, api.Style{
			Name: st.Name, Title: texts(st.Title), Zone: st.Zone, Group: st.Group, TokenClass: st.TokenClass,
			Contests: append([]uint32{}, st.Contests...),
		})
	}
	for _, i := range def.Issuers {
		out.Issuers = append(out.Issuers, api.Issuer{Name: i.Name, OperatorKey: i.OperatorKey})
	}
	for _, t := range def.Trustees {
		out.Trustees = append(out.Trustees, api.Trustee{Name: t.Name, Key: t.Key})
	}
	return out
}

func (s *Server) zone(r ledger.Reader, id [32]byte, zone uint32, def *electionv1.Zone) api.Zone {
	state, _ := s.Keepers.Election.Zone(r, id, zone)
	out := api.Zone{
		Title: texts(def.Title), Phase: election.PhaseName(state.Phase), Suspended: state.Suspended,
		IssuingOpensMS: state.IssuingOpensMs, VotingOpensMS: state.VotingOpensMs, ClosesMS: state.ClosesMs, TimeZone: def.TimeZone,
	}
	if c, found := s.Keepers.Ceremony.State(r, id, zone); found {
		out.CeremonyAttempt = c.Attempt
		out.CeremonyWindow = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(c.Window.String(), "WINDOW_"), "_", "-"))
	}
	return out
}

func texts(ts []*electionv1.Text) map[string]string {
	out := make(map[string]string, len(ts))
	for _, t := range ts {
		out[t.Lang] = t.Text
	}
	return out
}

type provenInput struct {
	ByElection
	Names string `query:"names" maxLength:"16384" doc:"names of objects, separated by commas; all if it is missing"`
}

// provable is the state before the last, whose hash stands in a header.
func (s *Server) provable() (*app.View, error) {
	v := s.App.View()
	height := v.Height
	v.Close()
	// A block may come between the two questions; the state asked for is then
	// the one before the previous, and the next try finds the new one.
	for range 3 {
		out, err := s.App.Proven(height - 1)
		if err == nil {
			return out, nil
		}
		height++
	}
	return nil, huma.Error503ServiceUnavailable("no state is provable yet: it needs two blocks since the node started")
}

func (s *Server) proven(_ context.Context, in *provenInput) (*answer[api.Proven], error) {
	v, err := s.provable()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	id := hash32(in.ID)
	summary, err := v.Summary(id)
	if errors.Is(err, app.ErrNoElection) {
		return nil, notFound(fmt.Sprintf("no election %x", id))
	}
	if err != nil {
		return nil, err
	}
	proof, found := v.ElectionProof(id)
	if !found {
		return nil, notFound(fmt.Sprintf("no election %x", id))
	}
	head, err := s.head(v.Height, v.AppHash[:])
	if err != nil {
		return nil, err
	}
	out := api.Proven{
		Head: head, Leaves: leaves(v.Leaves()), ElectionProof: named(proof),
		Fields: make([]api.Field, len(summary.Objects)), Objects: []api.Object{},
	}
	for i, o := range summary.Objects {
		sum := sha256.Sum256(o.Bytes)
		out.Fields[i] = api.Field{Name: o.Name, SHA256: sum[:]}
		if in.Names == "" {
			out.Objects = append(out.Objects, api.Object{Name: o.Name, Bytes: o.Bytes})
		}
	}
	if in.Names != "" {
		for _, name := range strings.Split(in.Names, ",") {
			// What is not there is told by the fields, which are complete.
			if b, found := summary.Object(name); found {
				out.Objects = append(out.Objects, api.Object{Name: name, Bytes: b})
			}
		}
	}
	return ok(out)
}

type rollInput struct {
	ByElection
	Page
	Style uint32 `path:"style" maximum:"65535" doc:"index of the style"`
}

func (s *Server) roll(_ context.Context, in *rollInput) (*answer[api.Roll], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Roll, error) {
		def, err := s.known(v.Reader(), id)
		if err != nil {
			return api.Roll{}, err
		}
		if int(in.Style) >= len(def.Styles) {
			return api.Roll{}, notFound(fmt.Sprintf("the election has no style %d", in.Style))
		}
		out := api.Roll{Style: in.Style, From: in.From, Size: s.Keepers.Roll.Size(v.Reader(), id, in.Style), Entries: []api.Hex{}}
		for _, e := range s.Keepers.Roll.Entries(v.Reader(), id, in.Style, in.From, in.Limit) {
			out.Entries = append(out.Entries, e)
		}
		return out, nil
	})
}

type entryInput struct {
	ByElection
	ByHash
}

func (s *Server) entry(_ context.Context, in *entryInput) (*answer[api.RollEntry], error) {
	v, err := s.provable()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	id, entry, r := hash32(in.ID), hash32(in.Hash), v.Reader()
	if _, err := s.known(r, id); err != nil {
		return nil, err
	}
	place, found := s.Keepers.Roll.EntryProof(r, id, entry[:])
	if !found {
		return nil, notFound("the roll has no such entry")
	}
	out := api.RollEntry{
		Entry: entry[:], Style: place.Style, Index: place.Proof.Index, Size: place.Proof.Size,
		Path: hexes(place.Proof.Path), Removed: place.Removed, Height: v.Height,
	}
	if record, found := s.Keepers.Issuance.Issued(r, id, entry[:]); found {
		out.Issued, out.Record = true, ledger.MustEncode(record)
	}
	chunk, found := s.Keepers.Issuance.IssuedChunk(r, id, place.Style, place.Proof.Index)
	if !found {
		return nil, fmt.Errorf("entry %d of style %d is beyond the bitmap", place.Proof.Index, place.Style)
	}
	removed, found := s.Keepers.Roll.RemovedChunk(r, id, place.Style, place.Proof.Index)
	if !found {
		return nil, fmt.Errorf("entry %d of style %d is beyond the bitmap", place.Proof.Index, place.Style)
	}
	out.Chunk, out.ChunkIndex, out.ChunkCount, out.ChunkPath = chunk.Chunk, chunk.Proof.Index, chunk.Proof.Size, hexes(chunk.Proof.Path)
	out.RemovedChunk, out.RemovedChunkPath = removed.Chunk, hexes(removed.Proof.Path)
	return ok(out)
}
