package ceremony

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
)

// Network is the ledger behind nodes.
type Network struct {
	Client *client.Client
	// Patience bounds how long one transaction is waited for; afterwards the
	// proven state decides what to do.
	Patience time.Duration
}

// Proven asks for objects that may not exist: the names of all objects of an
// election are proven, so that a missing one is told from one kept back.
func (n Network) Proven(ctx context.Context, election [32]byte, names ...string) (*Proven, error) {
	p, err := n.Client.Proven(ctx, election, names...)
	if errors.Is(err, client.ErrNotFound) {
		all, err := n.Client.Proven(ctx, election, "definition")
		if err != nil {
			return nil, err
		}
		there := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(all.Names(), name) })
		if len(there) == 0 {
			return &Proven{Height: all.Head.Height, Objects: map[string][]byte{}}, nil
		}
		if p, err = n.Client.Proven(ctx, election, there...); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	out := &Proven{Height: p.Head.Height, Objects: map[string][]byte{}}
	for _, name := range names {
		if b, ok := p.Object(name); ok {
			out.Objects[name] = b
		}
	}
	return out, nil
}

// Ceremony is what a node shows.
func (n Network) Ceremony(ctx context.Context, election [32]byte, zone uint32) (*api.Ceremony, error) {
	return n.Client.Ceremony(ctx, election, zone)
}

// SubmitAndWait puts a transaction on the ledger.
func (n Network) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, n.Patience)
	defer cancel()
	return n.Client.SubmitAndWait(ctx, raw)
}
