package issue_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/slip"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
)

// One voter at one gateway: code, synced record, endorsement, blind signature.
func BenchmarkEndorseAndSign(b *testing.B) { databasetest.Benchmark(b, endorseAndSign) }

func endorseAndSign(b *testing.B, db *database.DB) {
	store := register.New(db)
	key, err := auth.NewKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	code, err := slip.NewCode(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	list := make([]register.Access, b.N)
	for i := range list {
		list[i] = key.Access(electionID, entryOf(uint64(i)), 1, [16]byte{1}, [32]byte{3}, code)
	}
	if _, err := store.Import(list); err != nil {
		b.Fatal(err)
	}
	shown := &shown{standing: issue.Standing{Open: true, Moduli: [][]byte{modulus(0), {1}}, InRoll: true}, tokens: map[[32]byte]*issuancev1.IssueToken{}}
	gateway := issue.New(issue.Config{ChainID: chainID, Operator: sample.Key("issuer-0"), Keys: ring(), Store: store,
		Auth: auth.NewCodes(key, store, time.Now), Ledger: shown})
	// The ledger is not what is measured: records stand there before.
	requests := make([]issue.EndorseRequest, b.N)
	for i := range requests {
		requests[i] = requestOf(b, uint64(i), code)
	}
	endorsed := make([]issue.SignRequest, b.N)
	b.SetParallelism(64)
	b.ResetTimer()
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1) - 1
			r := &requests[i]
			if _, err := gateway.Endorse(context.Background(), *r); err != nil {
				b.Error(err)
				return
			}
			endorsed[i] = issue.SignRequest{Election: electionID, Entry: r.Claim.Entry, Blinded: r.Blinded}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "endorsements/s")
	private, _ := ring().Key(ring().Slots()[0])
	begun := time.Now()
	for i := range min(b.N, 200) {
		if _, err := private.Sign(endorsed[i].Blinded); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(min(b.N, 200))/time.Since(begun).Seconds(), "signatures/s/core")
}

// entryOf is spread as entries are: those that follow each other meet at one
// place of an index.
func entryOf(i uint64) [32]byte { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, i)) }

func requestOf(b *testing.B, i uint64, code slip.Code) issue.EndorseRequest {
	b.Helper()
	r := issue.EndorseRequest{Claim: auth.Claim{Election: electionID, Entry: entryOf(i), Style: 1, Pass: [32]byte{3}, Code: code.Reveal()}}
	r.Blinded = make([]byte, 256)
	if _, err := rand.Read(r.Blinded[1:]); err != nil {
		b.Fatal(err)
	}
	r.BlindedHashes = [][32]byte{blindtoken.BlindedHash(r.Blinded), {5}}
	return r
}
