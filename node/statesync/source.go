package statesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cometbft/cometbft/light/provider"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/proto/api"
)

const (
	// maxAnswer of a server, in bytes: a commit of 10,000 validators is smaller.
	maxAnswer = 4 << 20
	// ahead is how far beyond the last block a height is waited for; one that is
	// farther away does not exist.
	ahead = 20
	// patience with a height that comes to be soon.
	patience = 20 * time.Second
	// askAgain is the pause while waiting.
	askAgain = 200 * time.Millisecond
)

// source is a node's public interface as the light client wants it.
type source struct {
	base       string
	chain      string
	validators *types.ValidatorSet
	client     *http.Client
}

var _ provider.Provider = (*source)(nil)

// String is where the node answers.
func (s *source) String() string { return s.base }

// ChainID of the chain that is asked about; headers of another are refused.
func (s *source) ChainID() string { return s.chain }

// LightBlock fetches a header and its commit; height 0 is the last.
func (s *source) LightBlock(ctx context.Context, height int64) (*types.LightBlock, error) {
	if height == 0 {
		last, err := s.last(ctx)
		if err != nil {
			return nil, unanswered(err)
		}
		height = last
	}
	if err := s.await(ctx, height); err != nil {
		return nil, err
	}
	header, commit, err := s.signed(ctx, height)
	if err != nil {
		return nil, err
	}
	block := &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &header, Commit: commit}, ValidatorSet: s.validators.Copy()}
	// That the validators are still those of the genesis is part of it.
	if err := block.ValidateBasic(s.chain); err != nil {
		return nil, provider.ErrBadLightBlock{Reason: err}
	}
	if header.Height != height {
		return nil, provider.ErrBadLightBlock{Reason: fmt.Errorf("height %d instead of %d", header.Height, height)}
	}
	return block, nil
}

func (s *source) signed(ctx context.Context, height int64) (types.Header, *types.Commit, error) {
	refuse := func(err error) (types.Header, *types.Commit, error) {
		return types.Header{}, nil, provider.ErrBadLightBlock{Reason: err}
	}
	var ph cmtproto.Header
	raw, err := s.get(ctx, "/v1/headers/"+strconv.FormatInt(height, 10))
	if err != nil {
		return types.Header{}, nil, unanswered(err)
	}
	if err := ph.Unmarshal(raw); err != nil {
		return refuse(err)
	}
	header, err := types.HeaderFromProto(&ph)
	if err != nil {
		return refuse(err)
	}
	var pc cmtproto.Commit
	if raw, err = s.get(ctx, "/v1/commits/"+strconv.FormatInt(height, 10)); err != nil {
		return types.Header{}, nil, unanswered(err)
	}
	if err := pc.Unmarshal(raw); err != nil {
		return refuse(err)
	}
	commit, err := types.CommitFromProto(&pc)
	if err != nil {
		return refuse(err)
	}
	return header, commit, nil
}

// await waits for a height that comes to be soon.
func (s *source) await(ctx context.Context, height int64) error {
	for begun := time.Now(); ; {
		last, err := s.last(ctx)
		switch {
		case err != nil:
			return unanswered(err)
		case height <= last:
			return nil
		case height > last+ahead || time.Since(begun) > patience:
			return provider.ErrHeightTooHigh
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

func (s *source) last(ctx context.Context) (int64, error) {
	raw, err := s.get(ctx, "/v1/status")
	if err != nil {
		return 0, err
	}
	var status api.Status
	if err := json.Unmarshal(raw, &status); err != nil {
		return 0, fmt.Errorf("read status: %w", err)
	}
	if status.ChainID != s.chain {
		return 0, provider.ErrBadLightBlock{Reason: fmt.Errorf("%s is a node of chain %q, not of %q", s.base, status.ChainID, s.chain)}
	}
	return status.Height, nil
}

// errAbsent: the server does not have it.
var errAbsent = errors.New("not there")

func (s *source) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.base, err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.base, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.base, err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return body, nil
	case http.StatusNotFound:
		return nil, fmt.Errorf("ask %s: %s: %w", s.base, path, errAbsent)
	default:
		return nil, fmt.Errorf("ask %s: %s: %s", s.base, path, resp.Status)
	}
}

// unanswered is an error in the light client's terms.
func unanswered(err error) error {
	var bad provider.ErrBadLightBlock
	switch {
	case errors.As(err, &bad):
		return bad
	case errors.Is(err, errAbsent):
		return provider.ErrLightBlockNotFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return fmt.Errorf("%w: %w", provider.ErrNoResponse, err)
	}
}

// ReportEvidence does nothing: whoever compares two commits of one height sees
// the same, and the public interface takes no evidence.
func (s *source) ReportEvidence(context.Context, types.Evidence) error { return nil }

func newSource(base, chain string, validators *types.ValidatorSet) *source {
	return &source{base: strings.TrimRight(base, "/"), chain: chain, validators: validators, client: &http.Client{Timeout: 10 * time.Second}}
}
