package node_test

import (
	"testing"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/mock"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/urna-vote/urna/node"
)

// engine notes what its reactor receives.
type engine struct {
	*blocksync.Reactor
	received []p2p.Envelope
	removed  int
}

func (e *engine) Receive(m p2p.Envelope)       { e.received = append(e.received, m) }
func (e *engine) RemovePeer(_ p2p.Peer, _ any) { e.removed++ }

// peer notes what it is asked.
type peer struct {
	*mock.Peer
	asked []p2p.Envelope
}

func (p *peer) TrySend(m p2p.Envelope) bool { p.asked = append(p.asked, m); return true }

func TestReceivedBlocksAreForeseenOnlyWhileOldOnesAreFetchedAndAllAreHandedOn(t *testing.T) {
	var (
		seen       []int64
		catchingUp = true
		e          = &engine{}
		p          = &peer{Peer: mock.NewPeer(nil)}
	)
	r := node.NewForeseeing(e, func() bool { return catchingUp }, func(from string, height, _ int64, txs [][]byte) {
		if from != string(p.ID()) || len(txs) != 1 {
			t.Errorf("foreseen of %s: %d transactions", from, len(txs))
		}
		seen = append(seen, height)
	})
	block := func(height int64) p2p.Envelope {
		return p2p.Envelope{Src: p, ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.BlockResponse{
			Block: &types.Block{Header: types.Header{Height: height}, Data: types.Data{Txs: [][]byte{{1}}}},
		}}
	}
	sent := []p2p.Envelope{
		block(1),
		{Src: p, Message: &bcproto.StatusResponse{Height: 3}},
		{Src: p, Message: &bcproto.BlockRequest{Height: 1}},
		{Src: p, Message: &bcproto.BlockResponse{}},
		block(2), block(3),
	}
	for _, m := range sent {
		r.Receive(m)
	}
	if len(seen) != 3 || seen[2] != 3 {
		t.Errorf("foreseen: %v", seen)
	}
	if len(p.asked) != 1 || p.asked[0].ChannelID != blocksync.BlocksyncChannel {
		t.Fatalf("asked of the peer whose last block came: %v", p.asked)
	}
	if _, ok := p.asked[0].Message.(*bcproto.StatusRequest); !ok {
		t.Errorf("asked: %T", p.asked[0].Message)
	}
	catchingUp = false
	r.Receive(block(3))
	if len(seen) != 3 || len(p.asked) != 1 {
		t.Errorf("after catching up foreseen %v, asked %d", seen, len(p.asked))
	}
	if len(e.received) != len(sent)+1 || e.received[0].Message != sent[0].Message || e.received[5].Message != sent[5].Message {
		t.Errorf("%d of %d messages reached the engine", len(e.received), len(sent)+1)
	}
	catchingUp = true
	r.RemovePeer(p, nil)
	r.Receive(block(3))
	if e.removed != 1 || len(p.asked) != 1 {
		t.Errorf("removed peer: engine told %d times, asked %d", e.removed, len(p.asked))
	}
}
