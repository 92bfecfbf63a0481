package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/claims"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/proto/api"
)

// Limits of a connection; a request itself has gatewayapi.RequestTime.
const (
	headerTime   = 5 * time.Second
	readTime     = 10 * time.Second
	idleTime     = 60 * time.Second
	shutdownTime = 15 * time.Second
	// claimsPause is between two looks for claims on the ledger.
	claimsPause = 2 * time.Second
)

// Serve runs the gateway until the context ends. It calls started once it listens.
func Serve(ctx context.Context, cfg config.Config, log *slog.Logger, started func(net.Addr)) error {
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
	defer db.Close()
	store := register.New(db)
	entrance, err := newEntrance(cfg, log, store)
	if err != nil {
		return err
	}
	keeper, err := Keeper(cfg)
	if err != nil {
		return errors.Join(err, entrance.close(ctx))
	}
	defer keeper.Close()
	handler, desk, err := assemble(cfg, log, nodes, trust, store, entrance, keeper)
	if err != nil {
		return errors.Join(err, entrance.close(ctx))
	}
	entranceCtx, leave := context.WithCancel(ctx)
	background := new(sync.WaitGroup)
	background.Go(func() { entrance.run(entranceCtx, log) })
	background.Go(func() { desk.Run(entranceCtx) })
	defer func() {
		leave()
		background.Wait()
		// What still waits is lost, and a person who waits for it asks again.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), headerTime)
		defer cancel()
		if err := entrance.close(closing); err != nil {
			log.Warn("messages were not sent", "error", err)
		}
	}()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, IdleTimeout: idleTime,
		WriteTimeout: gatewayapi.RequestTime + headerTime, MaxHeaderBytes: 16 << 10,
		// The library's own lines name addresses.
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	ended := make(chan error, 1)
	go func() {
		if cfg.TLSCert != "" {
			ended <- server.ServeTLS(listener, cfg.TLSCert, cfg.TLSKey)
			return
		}
		ended <- server.Serve(listener)
	}()
	started(listener.Addr())
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// Requests under way end: a voter whose record was bound gets the answer.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("shut down: %w", err), server.Close())
	}
	return nil
}

func assemble(cfg config.Config, log *slog.Logger, nodes *client.Client, trust *chain.Trust, store *register.Store, entrance *entrance, keeper keyring.Keeper) (http.Handler, *claims.Desk, error) {
	operator, err := Operator(cfg)
	if err != nil {
		return nil, nil, err
	}
	// None at all is an empty ring: the gateway runs and says of every election
	// that it does not know it.
	ring, err := keeper.All()
	if err != nil {
		return nil, nil, err
	}
	asked, err := several(cfg, trust, nodes)
	if err != nil {
		return nil, nil, err
	}
	view := chainview.New(asked, trust.ChainID(), time.Now)
	gateway := issue.New(issue.Config{
		ChainID: trust.ChainID(), Operator: operator, Keys: ring, Store: store,
		Auth:   entrance.auth,
		Ledger: view,
	})
	public := operator.Public()
	desk := claims.New(claims.Config{
		ChainID: trust.ChainID(), Operator: public, Elections: elections(ring),
		Ledger: claims.Network{View: view, Client: nodes}, Signer: gateway, Log: log, Pause: claimsPause,
	})
	info := api.GatewayInfo{Name: cfg.Name, ChainID: trust.ChainID(), Rehearsal: trust.Rehearsal(), OperatorKey: public[:], Elections: []api.Hex{}}
	for _, id := range elections(ring) {
		info.Elections = append(info.Elections, id[:])
	}
	state := gatewayapi.State{
		Info: func(ctx context.Context) (api.GatewayInfo, error) { return entrance.disputed(ctx, info) },
		Ready: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			if err := store.Healthy(ctx); err != nil {
				return err
			}
			if len(ring.Slots()) == 0 {
				return errors.New("no token keys: make them with urna-gateway keys make, and start again")
			}
			return nodes.CheckChain(ctx)
		},
	}
	handler, err := gatewayapi.New(gatewayapi.Config{
		Parts: append([]gatewayapi.Part{state, gatewayapi.Issuance{Issuer: gateway}}, entrance.parts(gateway)...),
		Log:   log, Origins: cfg.Origins, Now: time.Now,
	})
	return handler, desk, err
}
