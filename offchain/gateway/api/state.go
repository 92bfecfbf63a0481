package api

import (
	"context"
	"net/http"

	"github.com/urna-vote/urna/proto/api"
)

// State is the part that says whose gateway it is and how it is.
type State struct {
	Info func(context.Context) (api.GatewayInfo, error)
	// Ready says why the gateway cannot issue, nil if it can.
	Ready func(context.Context) error
}

type none struct{}

type healthAnswer struct {
	Status int
	Body   api.Health
}

// Register adds the routes.
func (p State) Register(f *Frame) {
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/info", ID: "info", Summary: "Whose gateway this is"}, p.info)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/health", ID: "health", Summary: "The process lives"}, func(context.Context, *none) (*healthAnswer, error) {
		return &healthAnswer{http.StatusOK, api.Health{OK: true}}, nil
	})
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/ready", ID: "ready", Summary: "It can issue, else 503"}, p.ready)
}

func (p State) info(ctx context.Context, _ *none) (*Answer[api.GatewayInfo], error) {
	info, err := p.Info(ctx)
	if err != nil {
		return nil, err
	}
	return &Answer[api.GatewayInfo]{info}, nil
}

func (p State) ready(ctx context.Context, _ *none) (*healthAnswer, error) {
	if err := p.Ready(ctx); err != nil {
		return &healthAnswer{http.StatusServiceUnavailable, api.Health{Reason: err.Error()}}, nil
	}
	return &healthAnswer{http.StatusOK, api.Health{OK: true}}, nil
}
