package keeper_test

import (
	"testing"

	"github.com/urna-vote/urna/internal/sample"
)

// Only entries of style 0 have tokens: the ledger must not know which ballot one
// became, so it serves style 1 of the same class too. It adds no ballot.
func TestTokenServesAnyStyleOfItsClass(t *testing.T) {
	c := sample.OpenVoting(sample.Definition(), 5)
	c.Issue(0, 0, 1)
	c.Until(sample.VotingOpens)
	if err := c.Deliver(c.NewVoter("moved", 1).Cast(1, sample.Marks(0, 1, 2))); err != nil {
		t.Fatal(err)
	}
	sum, ok := c.Ballots.Sum(c.State, c.ID, 1, 0)
	if !ok || sum.Ballots != 1 {
		t.Fatalf("the ballot is not in the group of its style: %v", sum)
	}
	if err := c.Deliver(c.NewVoter("another", 0).Cast(1, sample.Marks(0, 1, 2))); err == nil {
		t.Fatal("a second ballot with one token issued")
	}
}
