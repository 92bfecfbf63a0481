package ceremony

import (
	"context"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ballot"
)

// Drill sends this trustee's drill share if it is missing; it reports whether
// one was sent.
func (p *Program) Drill(ctx context.Context) (bool, error) {
	v, err := p.observe(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case v.state == nil:
		return false, errors.New("drill: the ceremony has not begun")
	case v.index != 0 && v.me().Drilled:
		return false, nil
	case v.state.Window != ceremonyv1.Window_WINDOW_DRILL || v.state.Suspended:
		return false, fmt.Errorf("drill: the ceremony is in the window %s, attempt %d", windowName(v.state.Window), v.state.Attempt)
	case v.index == 0 || v.me().Out != "":
		return false, fmt.Errorf("drill: %w of attempt %d", ErrOut, v.state.Attempt)
	}
	if err := p.transactions(ctx, v); err != nil {
		return false, err
	}
	kind, message, err := p.drill(v)
	if err != nil {
		return false, fmt.Errorf("drill: %w", err)
	}
	p.refused = maxRefusals // nobody tries again here
	_, err = p.send(ctx, v, kind, message)
	return err == nil, err
}

// Status of a zone's ceremony as it is proven.
type Status struct {
	Height  int64    `json:"height"`
	Attempt uint32   `json:"attempt"`
	Window  string   `json:"window"`
	Waiting []string `json:"waiting_for"`
	Out     string   `json:"out,omitempty"`
	Failure string   `json:"failure,omitempty"`
	KeyHash api.Hex  `json:"key_hash,omitempty"`
}

// Status looks at the ledger and does nothing.
func (p *Program) Status(ctx context.Context) (*Status, error) {
	v, err := p.observe(ctx)
	if err != nil {
		return nil, err
	}
	s := &Status{Height: v.height, Window: "not begun", Waiting: []string{}}
	if v.state == nil {
		return s, nil
	}
	s.Attempt, s.Window, s.Failure = v.state.Attempt, windowName(v.state.Window), v.state.Failure
	if v.state.Suspended {
		s.Window += ", suspended"
	}
	if names := v.waiting(); len(names) > 0 {
		s.Waiting = names
	}
	if v.index != 0 {
		s.Out = v.me().Out
	}
	if v.key != nil {
		hash, err := ballot.KeyVectorHash(p.ChainID, p.Election, v.key)
		if err != nil {
			return nil, err
		}
		s.KeyHash = hash[:]
	}
	return s, nil
}
