package client

import (
	"context"

	"github.com/urna-vote/urna/proto/api"
)

// EntryClaims are the claims of signatures for an entry's token. What they say
// is one node's word; an answer is checked with the issuer's key.
func (c *Client) EntryClaims(ctx context.Context, id, entry [32]byte) (*api.EntryClaims, error) {
	return get[api.EntryClaims](ctx, c, nil, "/v1/elections/%x/entries/%x/claims", id, entry)
}

// OpenClaims are an issuer's unanswered claims from a position on, at most limit.
func (c *Client) OpenClaims(ctx context.Context, id [32]byte, issuer uint32, from uint64, limit int) (*api.OpenClaims, error) {
	return get[api.OpenClaims](ctx, c, numbers("from", from, "limit", limit), "/v1/elections/%x/issuers/%d/claims", id, issuer)
}
