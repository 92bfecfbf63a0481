package public

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/proto/api"
)

func (s *Server) routeNode(a huma.API) {
	huma.Register(a, op("GET", "/status", "status", "State of this node"), s.status)
	huma.Register(a, op("GET", "/health", "health", "Whether the process lives"), s.health)
	huma.Register(a, op("GET", "/ready", "ready", "Whether the node is in step with the chain; 503 otherwise"), s.ready)
	huma.Register(a, op("GET", "/genesis", "genesis", "The genesis file, byte for byte"), s.genesisFile)
}

func (s *Server) status(context.Context, *none) (*answer[api.Status], error) {
	v := s.App.View()
	defer v.Close()
	ack := s.Ack.Public()
	var block api.Hex
	if meta := s.Blocks.LoadBlockMeta(v.Height); meta != nil {
		block = api.Hex(meta.BlockID.Hash)
	}
	return ok(api.Status{
		BlockHash: block,
		ChainID:   s.Genesis.Doc.ChainID, Mode: s.Mode, Version: s.Version, Rehearsal: s.Genesis.App.Rehearsal,
		Height: v.Height, TimeMS: v.TimeMS, AppHash: v.AppHash[:],
		CatchingUp: s.Network.CatchingUp(), Peers: s.Network.Peers(), Validators: s.Network.Validators(), AckKey: ack[:],
	})
}

func (s *Server) health(context.Context, *none) (*answer[api.Health], error) {
	v := s.App.View()
	defer v.Close()
	return ok(api.Health{OK: true, Height: v.Height})
}

type readiness struct {
	Status int
	Body   api.Health
}

func (s *Server) ready(context.Context, *none) (*readiness, error) {
	v := s.App.View()
	defer v.Close()
	out := &readiness{Status: http.StatusOK, Body: api.Health{OK: true, Height: v.Height}}
	age := s.Now().Sub(time.UnixMilli(v.TimeMS))
	switch {
	case s.App.Failure() != nil:
		out.Body.Reason = "the application stopped; the log says why"
	case s.Network.CatchingUp():
		out.Body.Reason = "the node fetches earlier blocks"
	case !v.Began():
		out.Body.Reason = "there is no block yet"
	case age > s.ReadyLag:
		out.Body.Reason = fmt.Sprintf("the last block is %s old", age.Round(time.Second))
	}
	if out.Body.Reason != "" {
		out.Status, out.Body.OK = http.StatusServiceUnavailable, false
	}
	return out, nil
}

func (s *Server) genesisFile(context.Context, *none) (*raw, error) {
	return &raw{ContentType: "application/json", Body: s.Genesis.Raw}, nil
}
