package commission

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Office is a member of the commission at work.
type Office struct {
	Client  *client.Client
	ChainID string
	Key     sign.PrivateKey
	Now     func() time.Time
	Random  io.Reader
}

// Propose puts an act before the commission, which counts as the member's own
// approval, and returns the proposal's id once it is in a block.
func (o *Office) Propose(ctx context.Context, action commissionv1.Action, act ledger.Wire, valid time.Duration) ([32]byte, error) {
	body, err := act.Marshal()
	if err != nil {
		return [32]byte{}, fmt.Errorf("encode act: %w", err)
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(o.Random, nonce); err != nil {
		return [32]byte{}, fmt.Errorf("draw nonce: %w", err)
	}
	proposal := &commissionv1.Proposal{
		Action: uint32(action), Body: body, Nonce: nonce,
		ExpiresMs: o.Now().Add(valid).UnixMilli(),
	}
	id := commission.ProposalID(o.ChainID, proposal)
	return id, o.send(ctx, txv1.Kind_KIND_PROPOSE, &commissionv1.Propose{Proposal: proposal})
}

// A proposal is in a block when its proposer tells of it, but this member's node
// may be a few blocks behind.
const (
	nodeBehind = 10 * time.Second
	lookEvery  = 300 * time.Millisecond
)

// Proposal fetches a proposal, and waits a little for a node that is behind.
func (o *Office) Proposal(ctx context.Context, id [32]byte) (*api.Proposal, error) {
	for deadline := o.Now().Add(nodeBehind); ; {
		p, err := o.Client.Proposal(ctx, id)
		if err == nil || !errors.Is(err, client.ErrNotFound) || o.Now().After(deadline) {
			return p, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lookEvery):
		}
	}
}

// Approve adds the member's approval.
func (o *Office) Approve(ctx context.Context, id [32]byte) error {
	return o.send(ctx, txv1.Kind_KIND_APPROVE, &commissionv1.Approve{ProposalId: id[:]})
}

func (o *Office) send(ctx context.Context, kind txv1.Kind, message ledger.Wire) error {
	body, err := message.Marshal()
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	raw, err := envelope.Encode(o.ChainID, uint32(kind), body, o.Key)
	if err != nil {
		return err
	}
	_, err = o.Client.SubmitAndWait(ctx, raw)
	return err
}
