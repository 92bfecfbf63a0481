package issue

import (
	"bytes"
	"context"
	"runtime"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Config is all a gateway is made of.
type Config struct {
	ChainID  string
	Operator sign.PrivateKey
	Keys     *keyring.Ring
	Store    *register.Store
	Auth     auth.Authenticator
	Ledger   Ledger
}

// Gateway endorses and signs for one issuer. It is safe for concurrent use.
type Gateway struct {
	cfg      Config
	operator [sign.PublicKeySize]byte
	tokens   tokenCache
	// signing limits how many private-key operations run at once, so that
	// requests queue here and not on the processor.
	signing chan struct{}
}

// New makes a gateway.
func New(cfg Config) *Gateway {
	return &Gateway{
		cfg:      cfg,
		operator: cfg.Operator.Public(),
		tokens:   newTokenCache(),
		signing:  make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// seat is a member's place in a panel for a class.
type seat struct {
	slot   keyring.Slot
	member int
	size   int
}

// seat finds this gateway's place. The definition is valid; style and panel
// come from a stranger.
func (g *Gateway) seat(def *electionv1.Definition, election [32]byte, style, panel uint32) (seat, error) {
	if int64(style) >= int64(len(def.Styles)) {
		return seat{}, refuse(ErrRequest, "style", "%d, the election has %d", style, len(def.Styles))
	}
	if int64(panel) >= int64(len(def.Panels)) {
		return seat{}, refuse(ErrRequest, "panel", "%d, the election has %d", panel, len(def.Panels))
	}
	class := def.Styles[style].TokenClass
	members := def.Panels[panel].Issuers
	for i, issuer := range members {
		if bytes.Equal(def.Issuers[issuer].OperatorKey, g.operator[:]) {
			slot := keyring.Slot{Election: election, Class: class, Panel: panel}
			return seat{slot: slot, member: i, size: len(members)}, nil
		}
	}
	return seat{}, refuse(ErrNotOpen, "panel", "this issuer does not sit in panel %d", panel)
}

// withSigner runs a private-key operation when it is its turn.
func (g *Gateway) withSigner(ctx context.Context, run func() error) error {
	select {
	case g.signing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.signing }()
	return run()
}
