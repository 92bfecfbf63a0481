package keeper_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// reads notes which keys are read.
type reads struct {
	ledger.Reader
	keys [][]byte
}

func (r *reads) Get(key []byte) []byte {
	r.keys = append(r.keys, bytes.Clone(key))
	return r.Reader.Get(key)
}

// Results need no signer, so anybody can send wrong ones as fast as a node takes
// them: what costs much is done once.
func TestFurtherResultsReadNoShares(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 0)
	c.Until(sample.Closes)
	indices := shares(t, c)
	right := count(t, c, indices...)
	precheck := func(change func(*tallyv1.Result)) (sharesRead, unitsRead int, verdict error) {
		t.Helper()
		m := ledger.MustDecode[tallyv1.Result](ledger.MustEncode(right))
		change(m)
		message, err := tally.DecodeResult(ledger.MustEncode(m))
		if err != nil {
			t.Fatal(err)
		}
		r := &reads{Reader: c.State}
		demands, err := c.Tally.PrecheckResult(c.Next(1000), r, &ledger.Tx{Message: message})
		for _, key := range r.keys {
			if bytes.HasPrefix(key, tally.SharesPrefix(c.ID, 0)) {
				sharesRead++
			}
			if bytes.Equal(key, tally.UnitsKey(c.ID, 0)) {
				unitsRead++
			}
		}
		if err != nil {
			return sharesRead, unitsRead, err
		}
		return sharesRead, unitsRead, demands.Checks[0].Fact.Verify()
	}
	move := func(r *tallyv1.Result) { r.Units[0].Counts[0]--; r.Units[0].Counts[1]++ }
	if n, _, err := precheck(func(r *tallyv1.Result) { r.Trustees = r.Trustees[:1] }); n != 0 || err == nil {
		t.Fatalf("other trustees: %d shares read, %v", n, err)
	}
	if _, n, _ := precheck(func(r *tallyv1.Result) { r.Trustees[0] = 9 }); n != 0 {
		t.Fatal("other trustees: units read")
	}
	if n, _, err := precheck(func(r *tallyv1.Result) { r.Units[0].Counts[0] = 99 }); n != 0 || err == nil {
		t.Fatalf("out of bounds: %d shares read, %v", n, err)
	}
	if n, _, err := precheck(move); n != len(indices) || err == nil {
		t.Fatalf("first wrong result: %d shares read, %v", n, err)
	}
	for range 3 {
		if n, _, err := precheck(move); n != 0 || err == nil {
			t.Fatalf("a further wrong result: %d shares read, %v", n, err)
		}
	}
	if n, _, err := precheck(func(*tallyv1.Result) {}); n != 0 || err != nil {
		t.Fatalf("the right result: %d shares read, %v", n, err)
	}
}
