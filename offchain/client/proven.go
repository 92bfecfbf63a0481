package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
)

// errNoTrust: a client without a genesis can prove nothing.
var errNoTrust = errors.New("the client was made without a genesis: nothing can be proven")

// Proven returns objects of an election's summary, all that were asked for,
// under a header that the trusted validators signed. Without names it returns
// all objects.
func (c *Client) Proven(ctx context.Context, election [32]byte, objects ...string) (*chain.Proven, error) {
	p, _, err := c.ProvenRaw(ctx, election, objects...)
	return p, err
}

// ProvenRaw returns the node's answer beside its checked contents, for keeping.
func (c *Client) ProvenRaw(ctx context.Context, election [32]byte, objects ...string) (*chain.Proven, *api.Proven, error) {
	if c.cfg.Trust == nil {
		return nil, nil, errNoTrust
	}
	var p *chain.Proven
	raw, err := getChecked(ctx, c, func(raw *api.Proven) (err error) {
		p, err = c.proven(election, objects, raw)
		return err
	}, names(objects), "/v1/elections/%x/proven", election)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range objects {
		if _, there := p.Hash(name); !there {
			return nil, nil, fmt.Errorf("object %q of election %x at height %d: %w", name, election[:4], p.Head.Height, ErrNotFound)
		}
	}
	return p, raw, nil
}

// proven checks a node's answer and that it keeps back nothing of what was
// asked for.
func (c *Client) proven(election [32]byte, objects []string, raw *api.Proven) (*chain.Proven, error) {
	p, err := c.cfg.Trust.VerifyProven(election, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if len(objects) == 0 {
		objects = p.Names()
	}
	for _, name := range objects {
		_, sent := p.Object(name)
		if _, there := p.Hash(name); there && !sent {
			return nil, fmt.Errorf("%w: the node kept back object %q of election %x", ErrUntrusted, name, election[:4])
		}
	}
	return p, nil
}

// Receipt returns the proof that a transaction is in the ballot log, checked.
// ErrNotFound: not yet provable.
func (c *Client) Receipt(ctx context.Context, hash [32]byte) (*api.Receipt, *chain.Head, error) {
	if c.cfg.Trust == nil {
		return nil, nil, errNoTrust
	}
	var head *chain.Head
	r, err := getChecked(ctx, c, func(r *api.Receipt) (err error) {
		if head, err = c.cfg.Trust.VerifyReceipt(r); err != nil {
			return fmt.Errorf("%w: %w", ErrUntrusted, err)
		}
		if [32]byte(r.TxHash) != hash {
			return fmt.Errorf("%w: receipt is for %s", ErrUntrusted, r.TxHash)
		}
		return nil
	}, nil, "/v1/receipts/%x", hash)
	if err != nil {
		return nil, nil, err
	}
	return r, head, nil
}

// CheckChain refuses nodes of another chain than the trusted one.
func (c *Client) CheckChain(ctx context.Context) error {
	if c.cfg.Trust == nil {
		return errNoTrust
	}
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if want := c.cfg.Trust.ChainID(); s.ChainID != want {
		return fmt.Errorf("node is of chain %q, the genesis of %q: use a node of the same chain", s.ChainID, want)
	}
	return nil
}
