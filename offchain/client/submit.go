package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/urna-vote/urna/proto/api"
)

// Limits of one batch, as nodes have them.
const (
	MaxBatch      = 1000
	MaxBatchBytes = 8 << 20
)

// lostAfter is how long a transaction may be in no pool before it is sent again.
const lostAfter = 3 * time.Second

// Submit hands a transaction to a node. A refusal is a *Refusal.
func (c *Client) Submit(ctx context.Context, raw []byte) (*api.Submitted, error) {
	hash := sha256.Sum256(raw)
	a, err := c.do(ctx, call{
		method: http.MethodPost, path: "/v1/transactions", body: raw, accept: "application/json",
		wanted: []int{http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge},
		check: func(a *answer) error {
			_, err := c.submitted(a, hash)
			return err
		},
	})
	if err != nil {
		return nil, fmt.Errorf("submit transaction: %w", err)
	}
	s, err := c.submitted(a, hash)
	if err != nil {
		return nil, fmt.Errorf("submit transaction: %w", err)
	}
	if s.Code != 0 {
		return s, &Refusal{*s}
	}
	return s, nil
}

// submitted reads the answer to a transaction.
func (c *Client) submitted(a *answer, hash [32]byte) (*api.Submitted, error) {
	s := new(api.Submitted)
	err := decode(a.node, a.body, s)
	if err != nil || (len(s.Hash) == 0 && s.Code == 0) {
		if a.status/100 != 2 {
			return nil, &StatusError{Node: a.node, Status: a.status, Detail: detail(a.body)}
		}
		return nil, errors.Join(errors.New("answer says nothing"), err)
	}
	if s.Code == 0 && !bytes.Equal(s.Hash, hash[:]) {
		return nil, fmt.Errorf("%s answers for %s, not for %x", a.node, s.Hash, hash)
	}
	if s.Code == 0 && s.Ack != nil {
		if err := c.checkAck(s.Ack, hash); err != nil {
			return nil, fmt.Errorf("%s: %w", a.node, err)
		}
	}
	return s, nil
}

// SubmitBatch hands transactions to a node, at most MaxBatch and MaxBatchBytes.
// The answers are in the same order, refusals among them; each acknowledgement is
// evidence by itself.
func (c *Client) SubmitBatch(ctx context.Context, raws [][]byte) ([]api.Submitted, error) {
	if len(raws) == 0 {
		return nil, nil
	}
	if len(raws) > MaxBatch {
		return nil, fmt.Errorf("submit batch: %d transactions are more than %d", len(raws), MaxBatch)
	}
	var body []byte
	for _, r := range raws {
		body = binary.AppendUvarint(body, uint64(len(r)))
		body = append(body, r...)
	}
	if len(body) > MaxBatchBytes {
		return nil, fmt.Errorf("submit batch: %d bytes are more than %d", len(body), MaxBatchBytes)
	}
	var list []api.Submitted
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/v1/transactions/batch", body: body, accept: "application/json",
		check: func(a *answer) (err error) {
			list, err = c.submittedBatch(a, raws)
			return err
		},
	})
	if err != nil {
		return nil, fmt.Errorf("submit batch: %w", err)
	}
	return list, nil
}

// SubmitAndWait hands a transaction to a node and waits until it is in a
// block; it returns the block's height. Calling it again with the same bytes,
// after whatever crash, is safe: a transaction already accepted is found.
func (c *Client) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	hash := sha256.Sum256(raw)
	if err := c.submitOrFind(ctx, raw, hash); err != nil {
		return 0, err
	}
	var missing time.Duration
	for {
		s, err := c.Transaction(ctx, hash)
		switch {
		case err != nil && !errors.Is(err, ErrNotFound):
			return 0, fmt.Errorf("wait for transaction %x: %w", hash[:4], err)
		case err == nil && s.State == "committed":
			return s.Height, nil
		case err == nil && s.State == "pending":
			missing = 0
		default:
			missing += c.cfg.Poll
		}
		if missing >= lostAfter {
			// The pool dropped it, or the node is another now.
			missing = 0
			if err := c.submitOrFind(ctx, raw, hash); err != nil {
				return 0, err
			}
		}
		if err := pause(ctx, c.cfg.Poll); err != nil {
			return 0, fmt.Errorf("wait for transaction %x: %w", hash[:4], err)
		}
	}
}

// submitOrFind submits; a refusal of something that is already in a block or a
// pool is none.
func (c *Client) submitOrFind(ctx context.Context, raw []byte, hash [32]byte) error {
	_, err := c.Submit(ctx, raw)
	if err == nil || !errors.Is(err, ErrRefused) {
		return err
	}
	s, again := c.Transaction(ctx, hash)
	if again == nil && (s.State == "committed" || s.State == "pending") {
		return nil
	}
	return err
}

// WaitReceipt waits until a transaction's receipt is provable: its block has a
// successor.
func (c *Client) WaitReceipt(ctx context.Context, hash [32]byte) (*api.Receipt, error) {
	for {
		r, _, err := c.Receipt(ctx, hash)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return r, err
		}
		if err := pause(ctx, c.cfg.Poll); err != nil {
			return nil, fmt.Errorf("wait for the receipt of %x: %w", hash[:4], err)
		}
	}
}
