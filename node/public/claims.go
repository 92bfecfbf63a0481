package public

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	issuancekeeper "github.com/urna-vote/urna/x/issuance/keeper"
	"github.com/urna-vote/urna/x/ledger"
)

// Claims of signatures.
type Claims interface {
	Claim(r ledger.Reader, id [32]byte, entry []byte, member uint32) (*issuancev1.Claim, bool)
	OpenClaims(r ledger.Reader, id [32]byte, issuer uint32, from uint64, limit int) []issuancekeeper.OpenClaim
	Silent(r ledger.Reader, id [32]byte, issuer uint32, height int64) uint64
}

func (s *Server) routeClaims(a huma.API) {
	huma.Register(a, op("GET", "/elections/{id}/entries/{hash}/claims", "entry-claims", "Claims of signatures for an entry's token, with their answers"), s.entryClaims)
	huma.Register(a, op("GET", "/elections/{id}/issuers/{issuer}/claims", "open-claims", "Claims that an issuer has not answered, the oldest first"), s.openClaims)
}

func (s *Server) entryClaims(_ context.Context, in *entryInput) (*answer[api.EntryClaims], error) {
	id, entry := hash32(in.ID), hash32(in.Hash)
	return view(s, func(v *app.View) (api.EntryClaims, error) {
		def, err := s.known(v.Reader(), id)
		if err != nil {
			return api.EntryClaims{}, err
		}
		out := api.EntryClaims{Height: v.Height, Claims: []api.Claim{}}
		issued, found := s.Keepers.Issuance.Issued(v.Reader(), id, entry[:])
		if !found {
			return out, nil
		}
		for member := range uint32(len(issued.BlindedHashes)) {
			c, found, err := s.claim(v, id, def, issued, entry[:], member)
			if err != nil {
				return out, err
			}
			if found {
				out.Claims = append(out.Claims, c)
			}
		}
		return out, nil
	})
}

type openClaimsInput struct {
	ByElection
	Page
	Issuer uint32 `path:"issuer" maximum:"65535" doc:"index of the issuer in the definition"`
}

func (s *Server) openClaims(_ context.Context, in *openClaimsInput) (*answer[api.OpenClaims], error) {
	id := hash32(in.ID)
	return view(s, func(v *app.View) (api.OpenClaims, error) {
		r := v.Reader()
		def, err := s.known(r, id)
		if err != nil {
			return api.OpenClaims{}, err
		}
		if int64(in.Issuer) >= int64(len(def.Issuers)) {
			return api.OpenClaims{}, notFound(fmt.Sprintf("the election has no issuer %d", in.Issuer))
		}
		out := api.OpenClaims{Height: v.Height, Silent: s.Keepers.Claims.Silent(r, id, in.Issuer, v.Height), Claims: []api.Claim{}}
		for _, open := range s.Keepers.Claims.OpenClaims(r, id, in.Issuer, in.From, in.Limit) {
			issued, found := s.Keepers.Issuance.Issued(r, id, open.Entry)
			if !found {
				return out, fmt.Errorf("entry %x has a claim and no token", open.Entry)
			}
			member := slices.Index(def.Panels[issued.Panel].Issuers, in.Issuer)
			c, found, err := s.claim(v, id, def, issued, open.Entry, uint32(member))
			if err != nil {
				return out, err
			}
			if !found {
				return out, fmt.Errorf("claim for entry %x on issuer %d is listed and not there", open.Entry, in.Issuer)
			}
			out.Claims = append(out.Claims, c)
		}
		return out, nil
	})
}

// claim on a member of the panel that endorsed an entry's token.
func (s *Server) claim(v *app.View, id [32]byte, def *electionv1.Definition, issued *issuancev1.Issued, entry []byte, member uint32) (api.Claim, bool, error) {
	c, found := s.Keepers.Claims.Claim(v.Reader(), id, entry, member)
	if !found {
		return api.Claim{}, false, nil
	}
	logged, found := v.LogEntry(issued.LogIndex)
	if !found {
		return api.Claim{}, false, fmt.Errorf("issuance of entry %x is not in the ballot log", entry)
	}
	return api.Claim{
		Entry: bytes.Clone(entry), Issuer: def.Panels[issued.Panel].Issuers[member], Member: member, Height: c.Height,
		Silent:  len(c.Answer) == 0 && c.Height+issuance.SilentAfter <= v.Height,
		Blinded: c.BlindedMessage, Answer: c.Answer, Transaction: logged.Hash[:],
	}, true, nil
}
