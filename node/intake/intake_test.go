package intake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/node/intake"
)

// application fails on demand.
type application struct {
	abci.BaseApplication
	err error
}

func (a *application) FinalizeBlock(context.Context, *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	return &abci.ResponseFinalizeBlock{}, a.err
}

func (a *application) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	return &abci.ResponseCommit{}, a.err
}

func TestErrorOfTheApplicationIsNotedOnce(t *testing.T) {
	a, failed := &application{}, intake.NewFailure()
	guarded := intake.Guard(a, failed)
	if _, err := guarded.Commit(t.Context(), &abci.RequestCommit{}); err != nil || failed.Err() != nil {
		t.Fatal(err, failed.Err())
	}
	a.err = errors.New("block 7 refused")
	if _, err := guarded.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 7}); !errors.Is(err, a.err) {
		t.Errorf("the engine is told %v", err)
	}
	first := a.err
	a.err = errors.New("disk full")
	if _, err := guarded.Commit(t.Context(), &abci.RequestCommit{}); err == nil {
		t.Error("the engine is told nothing")
	}
	select {
	case <-failed.Done():
	default:
		t.Fatal("the node is told nothing")
	}
	if !errors.Is(failed.Err(), first) || !strings.Contains(failed.Err().Error(), "block 7") {
		t.Errorf("the node is told %v", failed.Err())
	}
}
