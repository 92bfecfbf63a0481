package client

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"github.com/urna-vote/urna/proto/api"
)

// Status of the node that answers.
func (c *Client) Status(ctx context.Context) (*api.Status, error) {
	return get[api.Status](ctx, c, nil, "/v1/status")
}

// Health: the process lives.
func (c *Client) Health(ctx context.Context) (*api.Health, error) {
	return get[api.Health](ctx, c, nil, "/v1/health")
}

// Ready: the node is in step with the chain; otherwise an error.
func (c *Client) Ready(ctx context.Context) (*api.Health, error) {
	return get[api.Health](ctx, c, nil, "/v1/ready")
}

// Genesis is the chain's genesis file, byte for byte.
func (c *Client) Genesis(ctx context.Context) ([]byte, error) {
	return c.getBytes(ctx, "application/json", nil, "/v1/genesis")
}

// Transaction looks for a transaction in blocks and in the node's pool.
func (c *Client) Transaction(ctx context.Context, hash [32]byte) (*api.TxStatus, error) {
	return get[api.TxStatus](ctx, c, nil, "/v1/transactions/%x", hash)
}

// Elections lists all elections of the chain.
func (c *Client) Elections(ctx context.Context) ([]api.Election, error) {
	return list[api.Election](ctx, c, nil, "/v1/elections")
}

// Election describes one election, with its definition.
func (c *Client) Election(ctx context.Context, id [32]byte) (*api.Election, error) {
	return get[api.Election](ctx, c, nil, "/v1/elections/%x", id)
}

// Turnout of an election.
func (c *Client) Turnout(ctx context.Context, id [32]byte) (*api.Turnout, error) {
	return get[api.Turnout](ctx, c, nil, "/v1/elections/%x/turnout", id)
}

// Results of an election for people; a checked result comes from an audit.
func (c *Client) Results(ctx context.Context, id [32]byte) (*api.Results, error) {
	return get[api.Results](ctx, c, nil, "/v1/elections/%x/results", id)
}

// Ballots of an election from a log index on, at most limit.
func (c *Client) Ballots(ctx context.Context, id [32]byte, from uint64, limit int) ([]api.Ballot, error) {
	return list[api.Ballot](ctx, c, numbers("from", from, "limit", limit), "/v1/elections/%x/ballots", id)
}

// Ballot by its transaction's hash.
func (c *Client) Ballot(ctx context.Context, hash [32]byte) (*api.Ballot, error) {
	return get[api.Ballot](ctx, c, nil, "/v1/ballots/%x", hash)
}

// BallotKey says what the ledger has for a ballot key.
func (c *Client) BallotKey(ctx context.Context, id, key [32]byte) (*api.BallotKey, error) {
	return get[api.BallotKey](ctx, c, nil, "/v1/elections/%x/keys/%x", id, key)
}

// RollEntry gives an entry's place in the roll and whether it has a token.
func (c *Client) RollEntry(ctx context.Context, id, entry [32]byte) (*api.RollEntry, error) {
	return get[api.RollEntry](ctx, c, nil, "/v1/elections/%x/entries/%x", id, entry)
}

// Roll lists entries of a style.
func (c *Client) Roll(ctx context.Context, id [32]byte, style uint32, from uint64, limit int) (*api.Roll, error) {
	return get[api.Roll](ctx, c, numbers("from", from, "limit", limit), "/v1/elections/%x/roll/%d", id, style)
}

// Ceremony of a zone's key.
func (c *Client) Ceremony(ctx context.Context, id [32]byte, zone uint32) (*api.Ceremony, error) {
	return get[api.Ceremony](ctx, c, nil, "/v1/elections/%x/zones/%d/ceremony", id, zone)
}

// Tally of a zone.
func (c *Client) Tally(ctx context.Context, id [32]byte, zone uint32) (*api.Tally, error) {
	return get[api.Tally](ctx, c, nil, "/v1/elections/%x/zones/%d/tally", id, zone)
}

// Proposals of the commission.
func (c *Client) Proposals(ctx context.Context) ([]api.Proposal, error) {
	return list[api.Proposal](ctx, c, nil, "/v1/proposals")
}

// Proposal by its id.
func (c *Client) Proposal(ctx context.Context, id [32]byte) (*api.Proposal, error) {
	return get[api.Proposal](ctx, c, nil, "/v1/proposals/%x", id)
}

// Commission of the chain.
func (c *Client) Commission(ctx context.Context) (*api.Commission, error) {
	return get[api.Commission](ctx, c, nil, "/v1/commission")
}

// Checkpoint of the ballot log, a C2SP checkpoint as text.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.getBytes(ctx, "text/plain", nil, "/v1/log/checkpoint")
}

// LogInclusion is the path of a leaf in the log of the given size.
func (c *Client) LogInclusion(ctx context.Context, index, size uint64) (*api.LogProof, error) {
	return get[api.LogProof](ctx, c, numbers("index", index, "size", size), "/v1/log/inclusion")
}

// LogConsistency is the path from an older log to a newer one.
func (c *Client) LogConsistency(ctx context.Context, from, to uint64) (*api.LogProof, error) {
	return get[api.LogProof](ctx, c, numbers("from", from, "to", to), "/v1/log/consistency")
}

// CommitAt is the commit (tendermint.types.Commit) for the block of a height.
func (c *Client) CommitAt(ctx context.Context, height int64) ([]byte, error) {
	return c.getBytes(ctx, "application/octet-stream", nil, "/v1/commits/%d", height)
}

// MaxBlocks is how many blocks a node gives at once.
const MaxBlocks = 500

// Blocks are the blocks (tendermint.types.Block) of heights from..to; the node
// may give fewer, from the first on.
func (c *Client) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	if from < 1 || to < from {
		return nil, fmt.Errorf("ask for blocks %d to %d: not a range", from, to)
	}
	b, err := c.getBytes(ctx, "application/octet-stream", numbers("from", from, "to", min(to, from+MaxBlocks-1)), "/v1/blocks")
	if err != nil {
		return nil, err
	}
	blocks, err := split(b)
	if err != nil {
		return nil, fmt.Errorf("read blocks %d to %d: %w", from, to, err)
	}
	if int64(len(blocks)) > to-from+1 {
		return nil, fmt.Errorf("read blocks %d to %d: %d came", from, to, len(blocks))
	}
	return blocks, nil
}

// split takes apart messages with their length before each.
func split(b []byte) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n == 0 || n > uint64(len(b)-k) {
			return nil, fmt.Errorf("message %d is cut off or empty", len(out))
		}
		out = append(out, b[k:k+int(n):k+int(n)])
		b = b[k+int(n):]
	}
	return out, nil
}

// list asks for a JSON list.
func list[T any](ctx context.Context, c *Client, query url.Values, format string, args ...any) ([]T, error) {
	v, err := get[[]T](ctx, c, query, format, args...)
	if err != nil {
		return nil, err
	}
	return *v, nil
}

func names(list []string) url.Values {
	if len(list) == 0 {
		return nil
	}
	return url.Values{"names": {strings.Join(list, ",")}}
}
