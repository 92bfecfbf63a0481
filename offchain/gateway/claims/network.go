package claims

import (
	"context"
	"errors"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
)

// Network is the Ledger over the gateway's own nodes.
type Network struct {
	*chainview.View
	*client.Client
}

var _ Ledger = Network{}

// Submit implements Ledger.
func (n Network) Submit(ctx context.Context, raw []byte) error {
	_, err := n.Client.Submit(ctx, raw)
	return err
}

// Refused implements Ledger. A node that is busy has refused nothing.
func (n Network) Refused(err error) bool {
	var r *client.Refusal
	return errors.As(err, &r) && r.Codespace != "node"
}
