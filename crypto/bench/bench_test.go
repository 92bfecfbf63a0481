package bench_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
)

const (
	chainID  = "bench-0011223344556677"
	distinct = 128 // ballots that differ; larger batches hold them several times
	members  = 3
)

var election = [32]byte{1}

// ballot is what a verifier gets, and what it knows already.
type ballot struct {
	statement   *bitproof.Statement
	r, c, proof []byte
	message     []byte   // of the token
	tokens      [][]byte // a signature of each member
	signed      sign.Item
}

func (b *ballot) size(k int) int {
	size := len(b.r) + len(b.c) + len(b.proof) + sign.PublicKeySize + sign.SignatureSize
	for _, s := range b.tokens[:k] {
		size += len(s)
	}
	return size
}

var panel = sync.OnceValues(func() ([]*blindtoken.PrivateKey, error) {
	var keys []*blindtoken.PrivateKey
	for range members {
		k, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
})

func makeBallots(b *testing.B, options int) []*ballot {
	b.Helper()
	private, err := panel()
	if err != nil {
		b.Fatal(err)
	}
	shape := bitproof.Choice(uint32(options), 1, 1)
	keys := make([]elgamal.Key, options)
	for o := range keys {
		if keys[o], err = elgamal.NewKey(group.HashToGroup([]byte("bench key"), fmt.Append(nil, o))); err != nil {
			b.Fatal(err)
		}
	}
	prover, err := bitproof.NewProver(&shape, keys)
	if err != nil {
		b.Fatal(err)
	}
	out := make([]*ballot, distinct)
	for i := range out {
		if out[i], err = makeBallot(private, prover, &shape, keys, i); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

func makeBallot(private []*blindtoken.PrivateKey, prover *bitproof.Prover, shape *bitproof.Shape, keys []elgamal.Key, i int) (*ballot, error) {
	key, err := sign.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	public := key.Public()
	out := &ballot{message: blindtoken.Scope{ChainID: chainID, Election: election, Class: 1, Panel: 1}.Message(public)}
	for _, k := range private {
		s, err := k.SignMessage(out.message)
		if err != nil {
			return nil, err
		}
		out.tokens = append(out.tokens, s)
	}
	out.statement = &bitproof.Statement{
		ChainID: chainID, Election: election, Shape: shape, Keys: keys,
		Context: transcript.JoinFields([]byte("zone"), []byte("style"), make([]byte, 32), public[:], []byte("00000001")),
	}
	marks := make([]bool, shape.Bits)
	marks[i%len(keys)] = true
	ct, proof, err := prover.Prove(rand.Reader, out.statement, marks)
	if err != nil {
		return nil, err
	}
	both := ct.Encode()
	out.r, out.c, out.proof = both[:group.Size], both[group.Size:], proof.Encode()
	out.signed = sign.Item{Public: public, Message: slices.Concat(both, out.proof)}
	out.signed.Signature = key.Sign(out.signed.Message)
	return out, nil
}

// check does all checks of a batch, as a node does them.
func check(batch []*ballot, keys []*blindtoken.PublicKey) error {
	claims, items := make([]bitproof.Claim, len(batch)), make([]sign.Item, len(batch))
	for i, v := range batch {
		options := len(v.c) / group.Size
		ct, proof, err := bitproof.DecodeBallot(options, options, v.r, v.c, v.proof)
		if err != nil {
			return err
		}
		claims[i] = bitproof.Claim{Statement: v.statement, Ciphertext: ct, Proof: proof}
		items[i] = v.signed
		for m, k := range keys {
			if err := k.Verify(v.message, v.tokens[m]); err != nil {
				return err
			}
		}
	}
	if bad := sign.VerifyBatch(rand.Reader, items); bad != nil {
		return fmt.Errorf("signatures %v do not hold", bad)
	}
	if bad := bitproof.VerifyBatch(rand.Reader, claims); bad != nil {
		return fmt.Errorf("proofs %v do not hold", bad)
	}
	return nil
}

func BenchmarkBallotAllChecks(b *testing.B) {
	for _, options := range []int{4, 10, 20, 36, 200} {
		var made []*ballot // when a case asks for them: a filter may leave all out
		for k := 1; k <= members; k++ {
			for _, n := range []int{1, 16, 128, 1024} {
				b.Run(fmt.Sprintf("options=%d/k=%d/batch=%d", options, k, n), func(b *testing.B) {
					if made == nil {
						made = makeBallots(b, options)
					}
					measure(b, made, k, n)
				})
			}
		}
	}
}

func measure(b *testing.B, made []*ballot, k, n int) {
	private, err := panel()
	if err != nil {
		b.Fatal(err)
	}
	var keys []*blindtoken.PublicKey
	for _, p := range private[:k] {
		keys = append(keys, p.Public())
	}
	batch := make([]*ballot, n)
	for i := range batch {
		batch[i] = made[i%len(made)]
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := check(batch, keys); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "ballots/s")
	b.ReportMetric(float64(made[0].size(k)), "bytes/ballot")
}

// BenchmarkBallotParts is the price of each check of a ballot of ten options
// in a batch of 1,024.
func BenchmarkBallotParts(b *testing.B) {
	made := makeBallots(b, 10)
	private, err := panel()
	if err != nil {
		b.Fatal(err)
	}
	const n = 1024
	claims, items := make([]bitproof.Claim, n), make([]sign.Item, n)
	decode := func(i int) {
		v := made[i%distinct]
		ct, proof, err := bitproof.DecodeBallot(10, 10, v.r, v.c, v.proof)
		if err != nil {
			b.Fatal(err)
		}
		claims[i] = bitproof.Claim{Statement: v.statement, Ciphertext: ct, Proof: proof}
		items[i] = v.signed
	}
	for i := range n {
		decode(i)
	}
	part := func(name string, each func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				each()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n)/1000, "µs/ballot")
		})
	}
	part("decode", func() {
		for i := range n {
			decode(i)
		}
	})
	part("proof", func() {
		if bitproof.VerifyBatch(rand.Reader, claims) != nil {
			b.Fatal("proof refused")
		}
	})
	part("token", func() {
		for i := range n {
			if err := private[0].Public().Verify(made[i%distinct].message, made[i%distinct].tokens[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	part("signature", func() {
		if sign.VerifyBatch(rand.Reader, items) != nil {
			b.Fatal("signature refused")
		}
	})
}

// BenchmarkVoter is what a voter's device computes for a ballot of ten options:
// request, finalization, sealing and signing, with a token of one member.
func BenchmarkVoter(b *testing.B) {
	private, err := panel()
	if err != nil {
		b.Fatal(err)
	}
	made := makeBallots(b, 10)
	statement := *made[0].statement
	scope := blindtoken.Scope{ChainID: chainID, Election: election, Class: 1, Panel: 1}
	marks := []bool{9: true}
	var issuing int64
	for b.Loop() {
		secret, err := blindtoken.NewSecret(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		request, err := blindtoken.Blind(secret, scope, private[0].Public())
		if err != nil {
			b.Fatal(err)
		}
		before := b.Elapsed()
		answer, err := private[0].Sign(request.Blinded())
		if err != nil {
			b.Fatal(err)
		}
		issuing += (b.Elapsed() - before).Nanoseconds()
		if _, err := request.Finalize(answer); err != nil {
			b.Fatal(err)
		}
		ct, proof, err := bitproof.Prove(rand.Reader, &statement, marks)
		if err != nil {
			b.Fatal(err)
		}
		secret.BallotKey(scope).Sign(slices.Concat(ct.Encode(), proof.Encode()))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds()-issuing)/float64(b.N)/1e6, "voter-ms")
}
