package app_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	castsToCompare = flag.Int("casts", 1000, "ballots of the differential test")
	castsSeed      = flag.Uint64("casts-seed", 1, "seed of the differential test")
)

// faults spoil a ballot before it is signed again, or leave it as it is; other is
// somebody else's.
var faults = []func(r *rand.Rand, m, other *ballotv1.CastBallot){
	func(*rand.Rand, *ballotv1.CastBallot, *ballotv1.CastBallot) {},
	func(r *rand.Rand, m, _ *ballotv1.CastBallot) { flipAny(r, m.Proof) },
	func(r *rand.Rand, m, _ *ballotv1.CastBallot) { m.Proof[len(m.Proof)-32] ^= 1 << r.IntN(8) },
	func(r *rand.Rand, m, _ *ballotv1.CastBallot) { flipAny(r, m.C) },
	func(r *rand.Rand, m, _ *ballotv1.CastBallot) { flipAny(r, m.R) },
	func(r *rand.Rand, m, _ *ballotv1.CastBallot) {
		flipAny(r, m.Token.Signatures[r.IntN(len(m.Token.Signatures))])
	},
	func(_ *rand.Rand, m, other *ballotv1.CastBallot) { m.R, m.C, m.Proof = other.R, other.C, other.Proof },
	func(_ *rand.Rand, m, other *ballotv1.CastBallot) { m.C = other.C },
	func(_ *rand.Rand, m, other *ballotv1.CastBallot) { m.Token = other.Token },
	func(_ *rand.Rand, m, _ *ballotv1.CastBallot) { m.Style = 1 - m.Style },
	func(_ *rand.Rand, m, _ *ballotv1.CastBallot) { m.Sequence++ },
	func(_ *rand.Rand, m, _ *ballotv1.CastBallot) { m.Token.Panel++ },
	func(_ *rand.Rand, m, _ *ballotv1.CastBallot) { m.C[0], m.C[len(m.C)-1] = m.C[len(m.C)-1], m.C[0] },
	func(_ *rand.Rand, m, _ *ballotv1.CastBallot) { m.Proof = append(m.Proof, 0) },
}

func flipAny(r *rand.Rand, b []byte) { b[r.IntN(len(b))] ^= 1 << r.IntN(8) }

// Whole ballots, good and with faults of every kind, are refused by the same code
// in company and alone.
func TestDifferentialOfBallotsTogetherAndAlone(t *testing.T) {
	const voters = 60
	w, people, casts := voting(t, voters)
	defer w.n.close()
	r := rand.New(rand.NewPCG(*castsSeed, 0))
	said := map[string]int{}
	for left := *castsToCompare; left > 0; {
		batch := make([][]byte, min(left, 1+r.IntN(700)))
		left -= len(batch)
		for i := range batch {
			n := r.IntN(voters)
			batch[i] = faulty(t, r, casts[n], people[n].key, casts[r.IntN(voters)], people[r.IntN(voters)].key)
		}
		together, alone := w.n.app.Verdicts(batch, false), w.n.app.Verdicts(batch, true)
		for i := range batch {
			said[alone[i]]++
			if together[i] != alone[i] {
				t.Fatalf("-casts-seed=%d: alone %q, together %q: %x", *castsSeed, alone[i], together[i], batch[i])
			}
		}
	}
	t.Logf("verdicts: %v", said)
	for _, code := range []string{"", "tx/bad-signature", "ballot/bad-token", "ballot/bad-proof"} {
		if said[code] < *castsToCompare/100 {
			t.Errorf("%q was said %d times of %d: the test does not try it", code, said[code], *castsToCompare)
		}
	}
}

// faulty is a ballot with a fault, or without: half of them are good.
func faulty(t *testing.T, r *rand.Rand, cast []byte, key sign.PrivateKey, other []byte, stranger sign.PrivateKey) []byte {
	if r.IntN(2) == 0 {
		return cast
	}
	switch r.IntN(8) {
	case 0:
		raw := bytes.Clone(cast)
		flipAny(r, raw)
		return raw
	case 1:
		return cast[:r.IntN(len(cast))]
	case 2:
		key = stranger
	}
	tx, err := envelope.Decode(cast, chainID)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := envelope.Decode(other, chainID)
	if err != nil {
		t.Fatal(err)
	}
	m := ledger.MustDecode[ballotv1.CastBallot](tx.Body)
	faults[r.IntN(len(faults))](r, m, ledger.MustDecode[ballotv1.CastBallot](theirs.Body))
	raw, err := envelope.Encode(chainID, tx.Kind, ledger.MustEncode(m), key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
