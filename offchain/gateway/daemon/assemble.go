package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/processor"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/claims"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/metrics"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/server"
	"github.com/urna-vote/urna/proto/api"
)

// claimPause is between two looks for claims on the ledger.
const claimPause = 2 * time.Second

// ground is what a gateway stands on.
type ground struct {
	nodes  *client.Client
	trust  *chain.Trust
	db     *database.DB
	keeper keyring.Keeper
	server *server.Server
}

// gateway is an assembled gateway.
type gateway struct {
	handler http.Handler
	figures *metrics.Set
	// work goes on in the background until its context ends.
	work []func(context.Context)
	// end lets messages under way go.
	end func(context.Context)
}

// assembly is a gateway while it is put together.
type assembly struct {
	gateway
	*ground
	cfg      config.Config
	log      *slog.Logger
	operator sign.PrivateKey
	ring     *keyring.Ring
	entrance *entrance
	issuer   *issue.Gateway
	claims   *claims.Desk
	room     *room.Room
	persons  *limits.Persons
	// why it was not ready when it was last asked, nil if it was.
	why atomic.Pointer[string]
}

func assemble(ctx context.Context, cfg config.Config, log *slog.Logger, on *ground) (*gateway, error) {
	a := &assembly{ground: on, cfg: cfg, log: log}
	a.figures = metrics.New()
	if err := a.issuing(); err != nil {
		return nil, err
	}
	a.end = func(ctx context.Context) {
		// What still waits is lost, and a person who waits for it asks again.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		if err := a.entrance.close(closing); err != nil {
			log.Warn("messages were not sent", "error", err)
		}
	}
	handler, err := a.serving(ctx)
	if err != nil {
		a.end(ctx)
		return nil, err
	}
	a.handler = handler
	a.count()
	return &a.gateway, nil
}

// issuing puts together what endorses and signs.
func (a *assembly) issuing() (err error) {
	if a.operator, err = Operator(a.cfg); err != nil {
		return err
	}
	// None at all is an empty ring: the gateway runs and says of every election
	// that it does not know it.
	if a.ring, err = a.keeper.All(); err != nil {
		return err
	}
	asked, err := several(a.cfg, a.trust, a.nodes)
	if err != nil {
		return err
	}
	store := register.New(a.db)
	if a.entrance, err = newEntrance(a.cfg, a.operator.Public(), a.log, store); err != nil {
		return err
	}
	a.work = append(a.work, func(ctx context.Context) { a.entrance.run(ctx, a.log) })
	view := chainview.New(asked, a.trust.ChainID(), time.Now)
	a.issuer = issue.New(issue.Config{
		ChainID: a.trust.ChainID(), Operator: a.operator, Keys: a.ring, Store: store, Auth: a.entrance.auth, Ledger: view,
	})
	a.claims = claims.New(claims.Config{
		ChainID: a.trust.ChainID(), Operator: a.operator.Public(), Elections: elections(a.ring),
		Ledger: claims.Network{View: view, Client: a.nodes}, Signer: a.issuer, Log: a.log, Pause: claimPause,
	})
	if len(elections(a.ring)) > 0 {
		a.work = append(a.work, a.claims.Run)
	}
	return nil
}

// serving puts together what answers requests.
func (a *assembly) serving(ctx context.Context) (http.Handler, error) {
	proxies, err := a.cfg.Limits.Proxies()
	if err != nil {
		return nil, fmt.Errorf("limits.trusted_proxies: %w", err)
	}
	frame := gatewayapi.Config{
		Parts: append([]gatewayapi.Part{a.state(), gatewayapi.Issuance{Issuer: a.issuer}}, a.entrance.parts(a.issuer)...),
		Log:   a.log, Origins: a.cfg.Origins, Now: time.Now, Metrics: a.figures,
		Encrypted: strings.HasPrefix(a.cfg.Public, "https:"),
		Addresses: limits.NewAddresses(a.cfg.Limits.PerAddress, proxies, time.Now),
	}
	if p := a.entrance.portal; p != nil {
		a.persons = limits.NewPersons(a.db, a.cfg.Limits.PerPerson, time.Now)
		a.work = append(a.work, func(ctx context.Context) {
			a.persons.Run(ctx, func(err error) { a.log.Warn("requests of persons are counted here only", "error", err) })
		})
		frame.Persons, frame.Person = a.persons, p.person
		if a.cfg.Room.Enabled {
			if a.room, err = a.openRoom(ctx, p); err != nil {
				return nil, err
			}
			frame.Room = a.room
			frame.Parts = append(frame.Parts, gatewayapi.Room{Room: a.room})
		}
	}
	return gatewayapi.New(frame)
}

func (a *assembly) openRoom(ctx context.Context, p *portal) (*room.Room, error) {
	r, err := room.New(ctx, room.Config{
		Database: a.db, Key: p.vault.Index("room", ""), PerSecond: a.cfg.Room.PerSecond, Waiting: int64(a.cfg.Room.Waiting),
		Now: time.Now, Used: processor.Time,
	})
	if err != nil {
		return nil, err
	}
	a.work = append(a.work, func(ctx context.Context) {
		r.Run(ctx, func(err error) { a.log.Warn("the waiting room does not move", "error", err) })
	})
	return r, nil
}

// state says whose gateway it is, and whether it can issue.
func (a *assembly) state() gatewayapi.State {
	public := a.operator.Public()
	info := api.GatewayInfo{Name: a.cfg.Name, ChainID: a.trust.ChainID(), Rehearsal: a.trust.Rehearsal(), OperatorKey: public[:], Elections: []api.Hex{}}
	for _, id := range elections(a.ring) {
		info.Elections = append(info.Elections, id[:])
	}
	return gatewayapi.State{
		Info: func(ctx context.Context) (api.GatewayInfo, error) { return a.entrance.disputed(ctx, info) },
		Ready: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			if a.server.Stopping() {
				return errors.New("the gateway is being stopped")
			}
			if err := a.db.Healthy(ctx); err != nil {
				return a.unready("the database does not answer", err)
			}
			if len(a.ring.Slots()) == 0 && !a.cfg.Applications.Enabled {
				return errors.New("no token keys: make them with urna-gateway keys make, and start again")
			}
			if err := a.nodes.CheckChain(ctx); err != nil {
				return a.unready("no node of the chain answers", err)
			}
			a.why.Store(nil)
			return nil
		},
	}
}

// unready says what a stranger may know, and to the log why, once for each reason:
// what databases and nodes say of failures names hosts and accounts.
func (a *assembly) unready(what string, cause error) error {
	if was := a.why.Swap(&what); was == nil || *was != what {
		a.log.Warn("not ready: "+what, "error", cause)
	}
	return errors.New(what)
}
