package ceremony_test

import (
	"fmt"
	"testing"

	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/internal/sample"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	machine "github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/envelope"
)

// corrupt is a trustee who seals something else to a receiver than it committed to.
type corrupt struct {
	*sample.Trustee
	n      *town
	cheats string
	last   string
}

func (c *corrupt) play() bool {
	st := c.n.city.Ceremonial()
	step := fmt.Sprintf("%d/%v", st.Attempt, st.Window)
	me := c.Index(st)
	if step == c.last && st.Window != ceremonyv1.Window_WINDOW_TEST || me != 0 && st.Participants[me-1].Out != "" {
		return false
	}
	switch st.Window {
	case ceremonyv1.Window_WINDOW_REGISTER:
		c.n.deliver(c.Name, c.Register())
	case ceremonyv1.Window_WINDOW_TEST:
		switch self := st.Participants[me-1]; {
		case !self.SentTests:
			c.n.deliver(c.Name, c.TestKeys(st))
		case !self.Tested && st.Participants[c.other(st)-1].SentTests:
			tx, err := c.OpenTest(st, c.other(st), tests(c.n, st, c.other(st)))
			if err != nil {
				c.n.t.Fatal(err)
			}
			c.n.deliver(c.Name, tx)
		default:
			return false
		}
	case ceremonyv1.Window_WINDOW_COMMIT:
		c.MakeDeal(st)
		c.Dealt.Sealed[c.other(st)-1] = garbage(c.n.t, st.Participants[c.other(st)-1].HpkeKey, len(c.Dealt.Sealed[0]))
		c.n.deliver(c.Name, c.CommitTx(st))
	case ceremonyv1.Window_WINDOW_DEAL:
		c.n.deliver(c.Name, c.Deal())
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		c.n.deliver(c.Name, c.CheckDeals(st, deals(c.n, st)))
	case ceremonyv1.Window_WINDOW_ANSWER:
		tx := c.Reseal(st, fresh(c.n, st, me))
		if c.cheats != "first box" {
			m := &ceremonyv1.Reseal{Where: c.Where.Message()}
			for _, r := range machine.ToReseal(st, me) {
				m.Answers = append(m.Answers, &ceremonyv1.Resealed{Receiver: r, Sealed: garbage(c.n.t, st.Participants[r-1].HpkeKey, len(c.Dealt.Sealed[0]))})
			}
			tx = c.Step(txv1.Kind_KIND_RESEAL, m)
		}
		c.n.deliver(c.Name, tx)
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		if c.cheats == "everything" {
			return false
		}
		c.n.deliver(c.Name, c.Publish(st))
	case ceremonyv1.Window_WINDOW_CONFIRM:
		if err := c.Hold(st, deals(c.n, st)); err != nil {
			c.n.t.Fatal(err)
		}
		c.n.deliver(c.Name, c.Confirm(st))
	case ceremonyv1.Window_WINDOW_DRILL:
		key, _ := c.n.city.Ceremony.Candidate(c.n.city.State, c.n.city.ID, 0)
		c.n.deliver(c.Name, c.Drill(st, key))
	default:
		return false
	}
	c.last = step
	return true
}

// other is the first other trustee, whom this one cheats.
func (c *corrupt) other(st *ceremonyv1.State) uint32 {
	if c.Index(st) == 1 {
		return 2
	}
	return 1
}

func garbage(t *testing.T, key []byte, size int) []byte {
	t.Helper()
	public, err := sealbox.DecodePublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	box, err := public.Seal([]byte("another place"), make([]byte, size-sealbox.Overhead))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// What the ledger has of the parts that players need.

func tests(n *town, st *ceremonyv1.State, sender uint32) *ceremonyv1.TestKeys {
	var out *ceremonyv1.TestKeys
	each(n, st, func(from uint32, m machine.Message) {
		if t, ok := m.(*ceremonyv1.TestKeys); ok && from == sender {
			out = t
		}
	})
	return out
}

func deals(n *town, st *ceremonyv1.State) map[uint32]*threshold.Deal {
	out := map[uint32]*threshold.Deal{}
	each(n, st, func(from uint32, m machine.Message) {
		if d, ok := m.(*ceremonyv1.Deal); ok {
			out[from] = machine.Deal(d)
		}
	})
	return out
}

func fresh(n *town, st *ceremonyv1.State, dealer uint32) map[uint32][]byte {
	out := map[uint32][]byte{}
	each(n, st, func(from uint32, m machine.Message) {
		if check, ok := m.(*ceremonyv1.CheckDeals); ok {
			for _, c := range check.Complaints {
				if c.Dealer == dealer {
					out[from] = c.FreshKey
				}
			}
		}
	})
	return out
}

// each visits the messages on the ledger with their senders' indices.
func each(n *town, st *ceremonyv1.State, visit func(from uint32, m machine.Message)) {
	n.t.Helper()
	for _, raw := range n.city.Ceremony.Transactions(n.city.State, n.city.ID, 0) {
		tx, err := envelope.Decode(raw, sample.ChainID)
		if err != nil {
			n.t.Fatal(err)
		}
		kind, _ := machine.FindKind(tx.Kind)
		step, err := kind.Decode(tx.Body)
		if err != nil {
			n.t.Fatal(err)
		}
		visit(machine.Index(st.Participants, tx.Signer), step.(*machine.Step).Message)
	}
}
