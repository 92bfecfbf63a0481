package node

import (
	"errors"

	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

var errObserver = errors.New("an observer signs nothing")

// observerKey is the engine's validator of a node that is none: it has a key
// of its own, which is in no validator set, and signs nothing.
type observerKey struct{ public crypto.PubKey }

var _ types.PrivValidator = observerKey{}

func newObserverKey() observerKey { return observerKey{ed25519.GenPrivKey().PubKey()} }

// GetPubKey returns a key that is in no validator set.
func (o observerKey) GetPubKey() (crypto.PubKey, error) { return o.public, nil }

// SignVote refuses.
func (o observerKey) SignVote(string, *cmtproto.Vote) error { return errObserver }

// SignProposal refuses.
func (o observerKey) SignProposal(string, *cmtproto.Proposal) error { return errObserver }
