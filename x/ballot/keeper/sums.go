package keeper

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
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

// addPending adds the block's ballots, in the order of their keys, to the sums
// of group and contest, takes out what they replace, and forgets them.
func (k *Keeper) addPending(w ledger.Writer) {
	var keys [][]byte
	var ballots []*ballotv1.Pending
	w.Iterate(ballot.PendingKey(nil), func(key, value []byte) bool {
		keys = append(keys, bytes.Clone(key))
		ballots = append(ballots, ledger.MustDecode[ballotv1.Pending](value))
		return true
	})
	totals := map[string]*total{}
	for i, p := range ballots {
		k.addBallot(w, totals, p)
		w.Delete(keys[i])
	}
	for _, key := range slices.Sorted(maps.Keys(totals)) {
		t := totals[key]
		b := t.sum.Encode()
		w.Set(t.key, ledger.MustEncode(&ballotv1.Sum{Ballots: t.ballots, R: b[:group.Size], C: b[group.Size:]}))
	}
}

func (k *Keeper) addBallot(r ledger.Reader, totals map[string]*total, p *ballotv1.Pending) {
	id := [32]byte(p.ElectionId)
	def, ok := k.elections.Definition(r, id)
	if !ok {
		panic(fmt.Sprintf("ballot: accepted ballot of unknown election %x", id))
	}
	style := def.Styles[p.Style]
	points := k.points.take([32]byte(p.TxHash))
	if points == nil {
		points = decodeCast(p.R, p.C)
	}
	var replaced *castPoints
	if len(p.ReplacedR) > 0 {
		replaced = decodeCast(p.ReplacedR, p.ReplacedC)
	}
	from := 0
	for _, contest := range style.Contests {
		to := from + len(def.Contests[contest].Options)
		t := k.total(r, totals, id, style, contest, to-from)
		must(t.sum.Add(points.r, points.c[from:to]))
		if replaced != nil {
			must(t.sum.Sub(replaced.r, replaced.c[from:to]))
		} else {
			t.ballots++
		}
		from = to
	}
}

func (k *Keeper) total(r ledger.Reader, totals map[string]*total, id [32]byte, style *electionv1.Style, contest uint32, slots int) *total {
	key := ballot.SumKey(id, style.Group, contest)
	if t := totals[string(key)]; t != nil {
		return t
	}
	t := &total{key: key, sum: elgamal.NewSum(slots)}
	if b := r.Get(key); b != nil {
		stored := ledger.MustDecode[ballotv1.Sum](b)
		sum, err := elgamal.DecodeSum(slots, append(bytes.Clone(stored.R), stored.C...))
		must(err)
		t.ballots, t.sum = stored.Ballots, sum
	}
	totals[string(key)] = t
	return t
}

func decodeCast(r, c []byte) *castPoints {
	ct, err := elgamal.DecodeParts(len(c)/group.Size, r, c)
	must(err)
	return &castPoints{r: ct.R, c: ct.C}
}

// must is for what an accepted ballot cannot fail.
func must(err error) {
	if err != nil {
		panic("ballot: accepted ballot does not add up: " + err.Error())
	}
}
