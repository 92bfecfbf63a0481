package keeper_test

import (
	"fmt"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

func BenchmarkExecuteBallots(b *testing.B) {
	c := sample.OpenVoting(sample.Definition(), 300)
	c.Issue(0, 0, 257)
	c.Until(sample.VotingOpens)
	var txs []*ledger.Tx
	for i := range 256 {
		raw := c.NewVoter(fmt.Sprint(i), 0).Cast(1, sample.Marks(1, 1, 1))
		m, err := ballot.Decode(raw.Body)
		if err != nil {
			b.Fatal(err)
		}
		txs = append(txs, &ledger.Tx{Kind: raw.Kind, Signer: raw.Signer, Hash: [32]byte(sample.Hash(raw.Body)), Raw: raw.Body, Message: m})
	}
	ctx := c.Next(1000)
	b.Run("precheck", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := c.Ballots.PrecheckCast(ctx, c.State, txs[i%256]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		raw := ledger.MustEncode(txs[0].Message.(*ballot.Cast).Message)
		for b.Loop() {
			_, _ = ballot.Decode(raw)
		}
	})
	b.Run("execute256", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := c.State.Clone()
			b.StartTimer()
			for _, tx := range txs {
				if err := c.Ballots.ExecuteCast(ctx, s, tx); err != nil {
					b.Fatal(err)
				}
			}
			c.Ballots.EndBlock(ctx, s)
		}
	})
}
