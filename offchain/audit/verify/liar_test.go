package verify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/trustee/decrypt"
)

// liar is a node that gives blocks up to a height and the last of them of its own
// making.
type liar struct {
	*growing
	last int64
}

func (l liar) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	if from > l.last {
		return nil, errNode
	}
	raws, err := l.growing.Blocks(ctx, from, min(to, l.last))
	if err != nil || from+int64(len(raws)) <= l.last {
		return raws, err
	}
	forged := *l.blocks[l.last-1]
	forged.Header.AppHash = make([]byte, 32)
	raws[len(raws)-1], err = forged.Marshal()
	return raws, err
}

// A block that no commit was seen for may be of the node's own making: nothing
// of it stays, so that another node can show the right one.
func TestAFollowerKeepsNothingThatIsNotCommitted(t *testing.T) {
	g := newGrowing(t)
	for range 3 {
		g.acts[0]()
		g.acts = g.acts[1:]
	}
	g.sealed = g.w.seal(g.w.specs)
	trust, err := chain.ParseTrust(g.w.genesis)
	g.w.ok(err)
	// Where a request ends, so that what came before its failure is verified.
	last := int64(len(g.blocks)) / 16 * 16
	w := decrypt.Watch{Source: liar{g, last}, Trust: trust, Election: g.w.id, Wait: true, Say: func(string) {},
		Options: verify.Options{Workers: 2, Work: t.TempDir(), Resume: true, Every: 1,
			Note: func(line string) { t.Errorf("note: %s", line) }}}
	stop := errors.New("stopped")
	w.Pause = func(context.Context) error { return stop }
	if _, err := decrypt.Follow(context.Background(), w); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	a, err := verify.Begin(g.w.genesis, w.Options)
	g.w.ok(err)
	if at := a.Height(); at != last-1 {
		t.Errorf("height %d is kept, %d are committed", at, last-1)
	}
	g.w.ok(a.Close())
	w.Source, w.Pause = g, g.pause
	r, err := decrypt.Follow(context.Background(), w)
	g.w.ok(err)
	if !r.OK() {
		t.Error(r.Findings)
	}
}
