package public

import (
	"encoding/hex"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/proto/api"
)

// maxItems of one answer that lists.
const maxItems = 1000

// ByHash is the path parameter of one thing named by its hash or key.
type ByHash struct {
	Hash string `path:"hash" pattern:"^[0-9a-f]{64}$" doc:"64 lower-case hex digits"`
}

// ByElection is the path parameter of an election.
type ByElection struct {
	ID string `path:"id" pattern:"^[0-9a-f]{64}$" doc:"id of the election, 64 lower-case hex digits"`
}

// ByZone is a zone of an election.
type ByZone struct {
	ByElection
	Zone uint32 `path:"zone" maximum:"65535" doc:"index of the zone"`
}

// Page is a part of a long list.
type Page struct {
	From  uint64 `query:"from" doc:"the first item"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"how many items at most"`
}

// hash32 reads what the pattern of the parameter has checked.
func hash32(s string) [32]byte {
	var out [32]byte
	if n, err := hex.Decode(out[:], []byte(s)); err != nil || n != len(out) {
		panic("public: parameter without its pattern: " + s)
	}
	return out
}

func notFound(what string) error { return huma.Error404NotFound(what) }

func refused(format string) error { return huma.Error422UnprocessableEntity(format) }

// view gives the last committed state to a route.
func view[T any](s *Server, use func(v *app.View) (T, error)) (*answer[T], error) {
	v := s.App.View()
	defer v.Close()
	if !v.Began() {
		return nil, huma.Error503ServiceUnavailable("the chain has not begun")
	}
	body, err := use(v)
	if err != nil {
		return nil, err
	}
	return ok(body)
}

func hexes[T ~[32]byte](hs []T) []api.Hex {
	out := make([]api.Hex, len(hs))
	for i := range hs {
		out[i] = append(api.Hex(nil), hs[i][:]...)
	}
	return out
}

func named(p merkle.InclusionProof) api.NamedProof {
	return api.NamedProof{Index: p.Index, Size: p.Size, Hashes: hexes(p.Path)}
}

// get registers a route that is asked with GET.
func op(method, path, name, summary string) huma.Operation {
	return huma.Operation{
		OperationID: name, Method: method, Path: "/v1" + path, Summary: summary,
		Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable},
	}
}
