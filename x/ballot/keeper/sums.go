package keeper

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// total is a running sum while a block's ballots are added: each slot is
// decoded and encoded once a block, not once a ballot.
type total struct {
	key     []byte
	ballots uint64
	sum     *elgamal.Sum
}

// endGathered writes what follows from the block's ballots: counts of classes
// and panels, and the sums of group and contest, each once.
func (k *Keeper) endGathered(w ledger.Writer) {
	g := gather(w)
	w.Forget(ballot.Codespace)
	for _, ref := range slices.SortedFunc(maps.Keys(g.classes), compareClasses) {
		counts, added := k.Counts(w, ref.election, ref.class), g.classes[ref]
		counts.Accepted += added.accepted
		counts.Recasts += added.recasts
		w.Set(ballot.CountsKey(ref.election, ref.class), ledger.MustEncode(counts))
	}
	for _, ref := range slices.SortedFunc(maps.Keys(g.panels), comparePanels) {
		n := k.PanelAccepted(w, ref.election, ref.class, ref.panel) + g.panels[ref]
		w.Set(ballot.PanelKey(ref.election, ref.class, ref.panel), ledger.U64(n))
	}
	totals := map[totalRef]*total{}
	for i := range g.ballots {
		addBallot(w, totals, &g.ballots[i])
	}
	for _, ref := range slices.SortedFunc(maps.Keys(totals), compareTotals) {
		t := totals[ref]
		b := t.sum.Encode()
		w.Set(t.key, ledger.MustEncode(&ballotv1.Sum{Ballots: t.ballots, R: b[:group.Size], C: b[group.Size:]}))
	}
}

func compareClasses(x, y classRef) int {
	return cmp.Or(bytes.Compare(x.election[:], y.election[:]), cmp.Compare(x.class, y.class))
}

func comparePanels(x, y panelRef) int {
	return cmp.Or(compareClasses(x.classRef, y.classRef), cmp.Compare(x.panel, y.panel))
}

type totalRef struct {
	election       [32]byte
	group, contest uint32
}

func compareTotals(x, y totalRef) int {
	return cmp.Or(bytes.Compare(x.election[:], y.election[:]), cmp.Compare(x.group, y.group), cmp.Compare(x.contest, y.contest))
}

// addBallot adds a ballot to the sums of its contests and takes out what it
// replaces.
func addBallot(r ledger.Reader, totals map[totalRef]*total, b *accepted) {
	from := 0
	for _, contest := range b.style.Contests {
		to := from + len(b.def.Contests[contest].Options)
		t := totalOf(r, totals, totalRef{election: b.election, group: b.style.Group, contest: contest}, to-from)
		must(t.sum.Add(b.points.R, b.points.C[from:to]))
		if b.replaced != nil {
			must(t.sum.Sub(b.replaced.R, b.replaced.C[from:to]))
		} else {
			t.ballots++
		}
		from = to
	}
}

func totalOf(r ledger.Reader, totals map[totalRef]*total, ref totalRef, slots int) *total {
	if t := totals[ref]; t != nil {
		return t
	}
	t := &total{key: ballot.SumKey(ref.election, ref.group, ref.contest), sum: elgamal.NewSum(slots)}
	if b := r.Get(t.key); b != nil {
		stored := ledger.MustDecode[ballotv1.Sum](b)
		sum, err := elgamal.DecodeSum(slots, append(bytes.Clone(stored.R), stored.C...))
		must(err)
		t.ballots, t.sum = stored.Ballots, sum
	}
	totals[ref] = t
	return t
}

// must is for what an accepted ballot cannot fail.
func must(err error) {
	if err != nil {
		panic("ballot: accepted ballot does not add up: " + err.Error())
	}
}
