package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/login/esia"
	"github.com/urna-vote/urna/offchain/gateway/login/oidc"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/gateway/rounds"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
)

// How often what is over is swept away, and notices are sent.
const (
	sweepEvery = time.Minute
	tellEvery  = 2 * time.Second
)

// entrance is how voters show who asks. The fields of a portal are nil where
// access codes are handed out.
type entrance struct {
	auth     auth.Authenticator
	disputes *auth.Disputes

	portal *portal
}

// portal is what a gateway has whose voters log in.
type portal struct {
	database *database.DB
	vault    vault.Key
	sessions *session.Store
	codes    *otp.Desk
	people   *people.Store
	outbox   *notice.Outbox
	teller   *auth.Teller
	// applications is nil unless this gateway is the registrar.
	applications *applications.Register
	end          func() error
}

func newEntrance(cfg config.Config, operator [32]byte, log *slog.Logger, store *register.Store) (*entrance, error) {
	e := &entrance{disputes: auth.NewDisputes(store.Database())}
	if !cfg.Login.Portal() {
		key, err := roster.LoadKey(cfg.AccessKey)
		if err != nil {
			return nil, fmt.Errorf("%w (an access list brings its key: urna-gateway codes import)", err)
		}
		e.auth = auth.NewCodes(key, store, time.Now)
		return e, nil
	}
	p, err := newPortal(cfg, operator, log, store)
	if err != nil {
		return nil, err
	}
	e.portal, e.auth = p, auth.NewPortal(store, p.sessions, p.codes)
	return e, nil
}

func newPortal(cfg config.Config, operator [32]byte, log *slog.Logger, store *register.Store) (*portal, error) {
	key, err := vault.LoadKey(cfg.VaultKey)
	if err != nil {
		return nil, err
	}
	provider, err := newProvider(cfg.Login)
	if err != nil {
		return nil, err
	}
	db := store.Database()
	p := &portal{database: db, vault: key, people: people.New(db, key)}
	purposes := []session.Purpose{session.Token, session.Dispute}
	if cfg.Applications.Enabled {
		purposes = append(purposes, session.Application)
		if p.applications, err = newApplications(cfg, db, key); err != nil {
			return nil, err
		}
	}
	p.sessions, err = session.New(session.Config{
		Database: db, Vault: key, Portal: provider, Roll: p.people, Operator: operator, Public: cfg.Public, Origins: cfg.Origins,
		Purposes: purposes, Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	if p.outbox, p.end, err = messages(cfg, log); err != nil {
		return nil, err
	}
	p.codes, err = otp.New(otp.Config{Database: db, Vault: key, Outbox: p.outbox, Digits: cfg.Login.Digits, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, errors.Join(err, p.end())
	}
	p.teller = auth.NewTeller(db, p.people, p.outbox, cfg.Name, time.Now)
	return p, nil
}

// newProvider is the portal of the settings.
func newProvider(l config.Login) (login.Provider, error) {
	if l.Kind == config.LoginOIDC {
		secret, err := readSecret(l.ClientSecretFile)
		if err != nil {
			return nil, fmt.Errorf("read client_secret_file: %w", err)
		}
		return oidc.New(oidc.Config{Issuer: l.Issuer, ClientID: l.ClientID, Secret: string(secret)})
	}
	certificate, err := os.ReadFile(l.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate_file: %w", err)
	}
	key, err := readSecret(l.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read key_file: %w", err)
	}
	portals, err := os.ReadFile(l.PortalCertificateFile)
	if err != nil {
		return nil, fmt.Errorf("read portal_certificate_file: %w", err)
	}
	signer, err := esia.NewRSASigner(esia.FormOf(esia.Second), certificate, key)
	if err != nil {
		return nil, err
	}
	verifier, err := esia.NewRSAVerifier(portals)
	if err != nil {
		return nil, err
	}
	return esia.New(esia.Config{Base: l.Issuer, ClientID: l.ClientID, Signer: signer, Verifier: verifier, Random: rand.Reader})
}

// parts are the routes of the entrance.
func (e *entrance) parts(gateway *issue.Gateway) []gatewayapi.Part {
	p := e.portal
	if p == nil {
		return nil
	}
	parts := []gatewayapi.Part{gatewayapi.Login{
		Sessions: p.sessions, Codes: p.codes, People: p.people, Channels: p.outbox, Placer: gateway, Disputes: e.disputes, Now: time.Now,
	}}
	if p.applications != nil {
		parts = append(parts, gatewayapi.Applications{List: p.applications, Sessions: p.sessions, Codes: p.codes, Database: p.database})
	}
	return parts
}

// person whom a session is of, as limits count.
func (p *portal) person(ctx context.Context, bearer string) (key [32]byte, ok bool) {
	s, err := p.sessions.Look(ctx, bearer)
	if err != nil {
		return key, false
	}
	who := string(s.Election[:]) + string(s.Entry[:])
	if s.Purpose == session.Application {
		who = s.Account.Subject
	}
	return p.vault.Index("limits/person", who), true
}

// disputed adds how many persons dispute a token of this gateway.
func (e *entrance) disputed(ctx context.Context, info api.GatewayInfo) (api.GatewayInfo, error) {
	info.Disputes = nil
	for _, election := range info.Elections {
		n, err := e.disputes.Count(ctx, [32]byte(election))
		if err != nil {
			return info, err
		}
		if n > 0 {
			info.Disputes = append(info.Disputes, api.Disputes{Election: election, Count: n})
		}
	}
	return info, nil
}

// run sends notices and sweeps until the context ends.
func (e *entrance) run(ctx context.Context, log *slog.Logger) {
	p := e.portal
	if p == nil {
		return
	}
	telling := new(sync.WaitGroup)
	defer telling.Wait()
	telling.Go(func() {
		p.teller.Run(ctx, tellEvery, func(err error) { log.Warn("notices of endorsements wait", "error", err) })
	})
	sweep := func(ctx context.Context) error {
		return errors.Join(p.sessions.Sweep(ctx), p.codes.Sweep(ctx))
	}
	rounds.Every(ctx, sweepEvery, sweep, func(err error) { log.Warn("log-ins that are over were not swept", "error", err) })
}

// close lets messages under way end.
func (e *entrance) close(ctx context.Context) error {
	if e.portal == nil {
		return nil
	}
	return errors.Join(e.portal.outbox.Close(ctx), e.portal.end())
}
