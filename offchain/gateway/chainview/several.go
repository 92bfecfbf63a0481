package chainview

import (
	"context"
	"errors"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
)

// Several asks further nodes for an issuance that the first does not have yet:
// a node that is behind must not keep voters waiting, and a proof is as good
// from any node. The first is asked for everything else.
type Several struct {
	Node
	Further []Node
}

// Receipt implements Node.
func (s Several) Receipt(ctx context.Context, hash [32]byte) (*api.Receipt, *chain.Head, error) {
	receipt, head, err := s.Node.Receipt(ctx, hash)
	for _, n := range s.Further {
		if !errors.Is(err, client.ErrNotFound) {
			break
		}
		receipt, head, err = n.Receipt(ctx, hash)
	}
	return receipt, head, err
}

// Transaction implements Node.
func (s Several) Transaction(ctx context.Context, hash [32]byte) (*api.TxStatus, error) {
	status, err := s.Node.Transaction(ctx, hash)
	for _, n := range s.Further {
		if err == nil && len(status.Raw) > 0 {
			break
		}
		status, err = n.Transaction(ctx, hash)
	}
	return status, err
}
