package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/server"
)

// closeTime is for messages that wait when the gateway stops.
const closeTime = 5 * time.Second

// Serve runs the gateway until the context ends. It calls started once it listens.
func Serve(ctx context.Context, cfg config.Config, log *slog.Logger, started func(net.Addr)) (err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	nodes, trust, err := Connect(cfg)
	if err != nil {
		return err
	}
	defer nodes.Close()
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keeper, err := Keeper(cfg)
	if err != nil {
		return err
	}
	defer keeper.Close()
	srv := server.New(server.Config{
		Connections: cfg.Limits.Connections, Certificate: cfg.TLSCert, Key: cfg.TLSKey,
		RequestTime: gatewayapi.RequestTime, Drain: cfg.Limits.Drain,
	}, listener)
	g, err := assemble(ctx, cfg, log, &ground{nodes: nodes, trust: trust, db: db, keeper: keeper, server: srv})
	if err != nil {
		return err
	}
	defer g.end(ctx)
	// Background work ends after the last request is answered, before what it
	// stands on is closed.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	for _, work := range g.work {
		working.Go(func() { work(background) })
	}
	if cfg.Metrics.Listen != "" {
		figures, err := serveFigures(ctx, cfg.Metrics.Listen, g.figures.Handler())
		if err != nil {
			return err
		}
		defer figures.Close()
	}
	started(listener.Addr())
	return srv.Run(ctx, g.handler)
}

// serveFigures answers Prometheus on an address of its own.
func serveFigures(ctx context.Context, at string, handler http.Handler) (*http.Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	figures := &http.Server{Handler: handler, ReadHeaderTimeout: server.HeaderTime, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = figures.Serve(listener) }() // ends when it is closed
	return figures, nil
}
