package public

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/proto/api"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

func (s *Server) routeCounting(a huma.API) {
	huma.Register(a, op("GET", "/elections/{id}/turnout", "turnout", "Roll, tokens and ballots by token class"), s.turnout)
	huma.Register(a, op("GET", "/elections/{id}/ballots", "ballots", "Accepted ballots in the order of the ballot log, without their bytes"), s.ballots)
	huma.Register(a, op("GET", "/elections/{id}/keys/{hash}", "ballot-key", "What the ledger has for a ballot key"), s.ballotKey)
	huma.Register(a, op("GET", "/elections/{id}/zones/{zone}/ceremony", "ceremony", "Key ceremony of a zone"), s.ceremony)
	huma.Register(a, op("GET", "/elections/{id}/zones/{zone}/tally", "tally", "Sums, shares, result and protocol of a zone"), s.tally)
	huma.Register(a, op("GET", "/elections/{id}/results", "results", "Results of all zones, for people"), s.results)
}

func (s *Server) turnout(_ context.Context, in *ByElection) (*answer[api.Turnout], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Turnout, error) {
		r := v.Reader()
		def, err := s.known(r, id)
		if err != nil {
			return api.Turnout{}, err
		}
		out := api.Turnout{Height: v.Height, Classes: make([]api.ClassTurnout, len(def.Classes))}
		for i, c := range def.Classes {
			class := uint32(i)
			counts := s.Keepers.Ballot.Counts(r, id, class)
			t := api.ClassTurnout{
				Name: c.Name, Issued: s.Keepers.Issuance.IssuedCount(r, id, class),
				Accepted: counts.Accepted, Recasts: counts.Recasts, OpenPanel: s.Keepers.Issuance.OpenPanel(r, id, class),
			}
			for _, style := range election.ClassStyles(def, class) {
				t.Roll += s.Keepers.Roll.Size(r, id, style)
				t.Removed += s.Keepers.Roll.RemovedCount(r, id, style)
			}
			out.Classes[i] = t
			out.Roll, out.Removed, out.Issued = out.Roll+t.Roll, out.Removed+t.Removed, out.Issued+t.Issued
			out.Accepted, out.Recasts = out.Accepted+t.Accepted, out.Recasts+t.Recasts
		}
		return out, nil
	})
}

type ballotsInput struct {
	ByElection
	Page
}

func (s *Server) ballots(_ context.Context, in *ballotsInput) (*answer[[]api.Ballot], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) ([]api.Ballot, error) {
		if _, err := s.known(v.Reader(), id); err != nil {
			return nil, err
		}
		if first := s.firstLogged(v); in.From < first {
			return nil, notFound(fmt.Sprintf("this node's blocks begin at height %d, with entry %d of the ballot log; ask from there on, or another node", s.Blocks.Base(), first))
		}
		out := []api.Ballot{}
		for _, e := range v.ElectionLog(id, uint32(txv1.Kind_KIND_CAST_BALLOT), in.From, in.Limit) {
			b, err := s.readBallot(e)
			if err != nil {
				return nil, err
			}
			b.Raw = nil
			out = append(out, b)
		}
		return out, nil
	})
}

// firstLogged is the first entry of the ballot log whose transaction is in the
// blocks of this node: 0 unless it began with a snapshot of the state.
func (s *Server) firstLogged(v *app.View) uint64 {
	base := s.Blocks.Base()
	if base <= 1 {
		return 0
	}
	at, _ := v.At(base - 1)
	return at.LogSize
}

func (s *Server) ballot(_ context.Context, in *ByHash) (*answer[api.Ballot], error) {
	hash := hash32(in.Hash)
	return view(s, func(v *app.View) (api.Ballot, error) {
		tx, found := v.TxByHash(hash)
		if !found || !tx.Logged {
			return api.Ballot{}, notFound("no block has this ballot")
		}
		e, found := v.LogEntry(tx.LogIndex)
		if !found || e.Kind != uint32(txv1.Kind_KIND_CAST_BALLOT) {
			return api.Ballot{}, notFound("this transaction is no ballot")
		}
		return s.readBallot(e)
	})
}

// readBallot reads an accepted ballot back from its block.
func (s *Server) readBallot(e store.Entry) (api.Ballot, error) {
	raw, err := s.blocks.tx(s.Blocks, e.Height, e.Position)
	if err != nil {
		return api.Ballot{}, err
	}
	tx, err := envelope.Decode(raw, s.Genesis.Doc.ChainID)
	if err != nil {
		return api.Ballot{}, fmt.Errorf("read ballot %x back: %w", e.Hash, err)
	}
	m, err := ledger.DecodeStrict[ballotv1.CastBallot](tx.Body, envelope.MaxBytes)
	if err != nil {
		return api.Ballot{}, fmt.Errorf("read ballot %x back: %w", e.Hash, err)
	}
	return api.Ballot{
		Hash: e.Hash[:], Height: e.Height, LogIndex: e.Index, Style: m.Style,
		BallotKey: tx.Signer, Sequence: m.Sequence, Raw: raw,
	}, nil
}

type keyInput struct {
	ByElection
	ByHash
}

func (s *Server) ballotKey(_ context.Context, in *keyInput) (*answer[api.BallotKey], error) {
	id, key := hash32(in.ID), hash32(in.Hash)
	return view(s, func(v *app.View) (api.BallotKey, error) {
		if _, err := s.known(v.Reader(), id); err != nil {
			return api.BallotKey{}, err
		}
		out := api.BallotKey{Key: key[:]}
		spent, found := s.Keepers.Ballot.Spent(v.Reader(), key[:])
		if found && s.Keepers.Ballot.ElectionOf(v.Reader(), spent) == id {
			out.Spent, out.Style, out.Sequence = true, spent.Style, spent.Sequence
			out.FirstMS, out.LastMS, out.LogIndex = spent.FirstMS, spent.LastMS, spent.LogIndex
		}
		return out, nil
	})
}

func (s *Server) ceremony(_ context.Context, in *ByZone) (*answer[api.Ceremony], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Ceremony, error) {
		r := v.Reader()
		if _, _, err := s.knownZone(r, id, in.Zone); err != nil {
			return api.Ceremony{}, err
		}
		state, found := s.Keepers.Ceremony.State(r, id, in.Zone)
		if !found {
			return api.Ceremony{}, notFound("the key ceremony has not begun")
		}
		out := api.Ceremony{State: ledger.MustEncode(state), Transactions: []api.Hex{}}
		for _, tx := range s.Keepers.Ceremony.Transactions(r, id, in.Zone) {
			out.Transactions = append(out.Transactions, tx)
		}
		if key, found := s.Keepers.Ceremony.Key(r, id, in.Zone); found {
			out.Key = ledger.MustEncode(key)
		}
		return out, nil
	})
}

func (s *Server) tally(_ context.Context, in *ByZone) (*answer[api.Tally], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Tally, error) {
		r, k := v.Reader(), s.Keepers.Tally
		_, zone, err := s.knownZone(r, id, in.Zone)
		if err != nil {
			return api.Tally{}, err
		}
		out := api.Tally{Phase: election.PhaseName(zone.Phase), Final: zone.Phase == electionv1.Phase_PHASE_FINAL, Shares: []api.TallyShare{}}
		if units, _ := k.Units(r, id, in.Zone); units != nil {
			out.Units = ledger.MustEncode(units)
		}
		for _, share := range k.Shares(r, id, in.Zone) {
			out.Shares = append(out.Shares, api.TallyShare{Trustee: share.Trustee, Share: ledger.MustEncode(share.Share)})
		}
		if result, found := k.Result(r, id, in.Zone); found {
			out.Result = ledger.MustEncode(result)
		}
		if protocol, found := k.ProtocolOf(r, id, in.Zone); found {
			hash := tally.ProtocolHash(protocol)
			out.Protocol, out.ProtocolHash = ledger.MustEncode(protocol), hash[:]
		}
		return out, nil
	})
}

func (s *Server) results(_ context.Context, in *ByElection) (*answer[api.Results], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.Results, error) {
		r, k := v.Reader(), s.Keepers.Tally
		def, err := s.known(r, id)
		if err != nil {
			return api.Results{}, err
		}
		out := api.Results{Height: v.Height, Zones: make([]api.ZoneResult, len(def.Zones))}
		for i := range def.Zones {
			zone := uint32(i)
			state, _ := s.Keepers.Election.Zone(r, id, zone)
			z := api.ZoneResult{Phase: election.PhaseName(state.Phase), Final: state.Phase == electionv1.Phase_PHASE_FINAL, Units: []api.UnitResult{}}
			units, _ := k.Units(r, id, zone)
			if result, found := k.Result(r, id, zone); found && units != nil {
				for _, c := range tally.ProtocolContests(units, result) {
					z.Units = append(z.Units, api.UnitResult{
						Contest: c.Contest, Groups: append([]uint32{}, c.Groups...), Ballots: c.Ballots, Counts: append([]uint64{}, c.Counts...),
					})
				}
			}
			out.Zones[i] = z
		}
		return out, nil
	})
}
