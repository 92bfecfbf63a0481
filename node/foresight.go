package node

import (
	"sync"

	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proto/tendermint/blocksync"

	"github.com/urna-vote/urna/app"
)

// blockSync is the name of the engine's reactor that fetches old blocks.
const blockSync = "BLOCKSYNC"

// fetcher is that reactor with all that the engine asks of it.
type fetcher interface {
	p2p.Reactor
	p2p.MsgBytesFilter
}

// foreseeing is the engine's reactor, which receives everything unchanged. While
// blocks are fetched the application is shown what comes, and a peer whose last
// known block has come is asked how far it is now: the engine asks every ten
// seconds, and stands before the last block meanwhile.
type foreseeing struct {
	fetcher
	catchingUp func() bool
	foresee    func(from string, height, timeMS int64, txs [][]byte)

	mu    sync.Mutex // guards:
	heads map[p2p.ID]int64
}

func newForeseeing(engine fetcher, catchingUp func() bool, foresee func(from string, height, timeMS int64, txs [][]byte)) *foreseeing {
	return &foreseeing{fetcher: engine, catchingUp: catchingUp, foresee: foresee, heads: make(map[p2p.ID]int64)}
}

// Receive looks at a message and hands it on.
func (f *foreseeing) Receive(e p2p.Envelope) {
	switch m := e.Message.(type) {
	case *blocksync.StatusResponse:
		f.mu.Lock()
		f.heads[e.Src.ID()] = m.Height
		f.mu.Unlock()
	case *blocksync.BlockResponse:
		if m.Block == nil || !f.catchingUp() {
			break
		}
		f.foresee(string(e.Src.ID()), m.Block.Header.Height, m.Block.Header.Time.UnixMilli(), m.Block.Data.Txs)
		if f.last(e.Src.ID(), m.Block.Header.Height) {
			defer e.Src.TrySend(p2p.Envelope{ChannelID: e.ChannelID, Message: &blocksync.StatusRequest{}})
		}
	}
	f.fetcher.Receive(e)
}

// last reports whether a block is the last that a peer said it has.
func (f *foreseeing) last(peer p2p.ID, height int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	head, known := f.heads[peer]
	return known && height == head
}

// RemovePeer forgets a peer.
func (f *foreseeing) RemovePeer(peer p2p.Peer, reason any) {
	f.mu.Lock()
	delete(f.heads, peer.ID())
	f.mu.Unlock()
	f.fetcher.RemovePeer(peer, reason)
}

// withForesight puts the reactor in the place of the engine's. State sync still
// starts the engine's own, which is the same service.
func withForesight(a *app.App) cmtnode.Option {
	return func(engine *cmtnode.Node) {
		was, _ := engine.Switch().Reactor(blockSync)
		if reactor, ok := was.(fetcher); ok {
			cmtnode.CustomReactors(map[string]p2p.Reactor{
				blockSync: newForeseeing(reactor, engine.ConsensusReactor().WaitSync, a.Foresee),
			})(engine)
		}
	}
}
