package session

import (
	"context"
	"errors"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/proto/api"
)

// Network is the Ledger over the public API of the chain's nodes.
type Network struct {
	Client *client.Client
}

// Prove is the booth.Prove over these nodes.
func (n Network) Prove(ctx context.Context, election [32]byte, names ...string) (booth.Objects, error) {
	return n.Client.Proven(ctx, election, names...)
}

// SubmitAndWait implements Ledger.
func (n Network) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	return n.Client.SubmitAndWait(ctx, raw)
}

// EntryClaims implements ClaimLedger.
func (n Network) EntryClaims(ctx context.Context, election, entry [32]byte) (*api.EntryClaims, error) {
	return n.Client.EntryClaims(ctx, election, entry)
}

// WaitProvable implements Ledger.
func (n Network) WaitProvable(ctx context.Context, hash [32]byte) error {
	_, err := n.Client.WaitReceipt(ctx, hash)
	return err
}

// Refused implements Ledger.
func (n Network) Refused(err error) (refused, later bool) {
	var r *client.Refusal
	if !errors.As(err, &r) {
		return false, false
	}
	return true, r.Retry
}
