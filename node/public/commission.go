package public

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/ledger"
)

func (s *Server) routeCommission(a huma.API) {
	huma.Register(a, op("GET", "/commission", "commission", "The commission"), s.commission)
	huma.Register(a, op("GET", "/proposals", "proposals", "All proposals, the earliest first"), s.proposals)
	huma.Register(a, op("GET", "/proposals/{hash}", "proposal", "A proposal"), s.proposal)
}

func (s *Server) commission(context.Context, *none) (*answer[api.Commission], error) {
	return view(s, func(v *app.View) (api.Commission, error) {
		out := api.Commission{Quorum: s.Keepers.Commission.Quorum(v.Reader()), Members: []api.Member{}}
		for _, m := range s.Keepers.Commission.Members(v.Reader()) {
			out.Members = append(out.Members, api.Member{Name: m.Name, Role: m.Role, Key: m.Key})
		}
		return out, nil
	})
}

func (s *Server) proposals(context.Context, *none) (*answer[[]api.Proposal], error) {
	return view(s, func(v *app.View) ([]api.Proposal, error) {
		out := []api.Proposal{}
		for _, p := range s.Keepers.Commission.Proposals(v.Reader()) {
			out = append(out, s.describeProposal(v.Reader(), p.ID, p.State))
		}
		return out, nil
	})
}

func (s *Server) proposal(_ context.Context, in *ByHash) (*answer[api.Proposal], error) {
	id := hash32(in.Hash)
	return view(s, func(v *app.View) (api.Proposal, error) {
		p, found := s.Keepers.Commission.Proposal(v.Reader(), id)
		if !found {
			return api.Proposal{}, notFound("no such proposal")
		}
		return s.describeProposal(v.Reader(), id, p), nil
	})
}

func (s *Server) describeProposal(r ledger.Reader, id [32]byte, p *commissionv1.ProposalState) api.Proposal {
	out := api.Proposal{
		ID: id[:], Action: s.Keepers.Commission.ActName(p.Proposal.Action), State: ledger.MustEncode(p),
		Approvals: []api.Hex{}, Quorum: s.Keepers.Commission.Quorum(r), ExecutedHeight: p.ExecutedHeight, ExpiresMS: p.Proposal.ExpiresMs,
	}
	for _, a := range p.Approvals {
		out.Approvals = append(out.Approvals, a)
	}
	return out
}
