package node_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// guesses are how many votes an attacker is expected to join rightly. Who is left
// with some candidates guesses among them, who is left with none guesses among all.
type guesses map[int]float64

func (g guesses) timesChance() float64 {
	right := float64(votes-len(g)) / votes
	for _, voter := range slices.Sorted(maps.Keys(g)) {
		right += g[voter]
	}
	return right
}

// joinByOrder joins the lines of gateways with casts by their places in the two
// orders, stretched where one has fewer.
func joinByOrder(asked, cast []line) guesses {
	out := guesses{}
	if len(cast) == 0 {
		return out
	}
	for i, l := range asked {
		if _, joined := out[l.owner]; joined {
			continue
		}
		out[l.owner] = 0
		if cast[i*len(cast)/len(asked)].owner == l.owner {
			out[l.owner] = 1
		}
	}
	return out
}

// joinByTime joins each line of a gateway with the casts that were within the
// longest delay after it.
func joinByTime(asked, cast []line) guesses {
	out := guesses{}
	after := func(t time.Time) int {
		at, _ := slices.BinarySearchFunc(cast, t, func(l line, t time.Time) int { return l.at.Compare(t) })
		return at
	}
	for _, l := range asked {
		if _, joined := out[l.owner]; joined {
			continue
		}
		near := cast[after(l.at):after(l.at.Add(lingering+2*time.Second))]
		if len(near) == 0 {
			continue
		}
		out[l.owner] = 0
		if slices.ContainsFunc(near, func(c line) bool { return c.owner == l.owner }) {
			out[l.owner] = 1 / float64(len(near))
		}
	}
	return out
}

// joinByValue joins casts with the lines of gateways that have a value in common,
// by the value that fewest have.
func joinByValue(asked, cast []line, counts func(value string) bool) guesses {
	of := map[string]map[int]bool{}
	for _, l := range asked {
		for name, value := range l.fields {
			if name == "time" || name == "level" || !counts(value) {
				continue
			}
			if of[value] == nil {
				of[value] = map[int]bool{}
			}
			of[value][l.owner] = true
		}
	}
	out := guesses{}
	for _, c := range cast {
		var fewest map[int]bool
		for _, value := range c.fields {
			if who := of[value]; len(who) > 0 && (fewest == nil || len(who) < len(fewest)) {
				fewest = who
			}
		}
		if fewest == nil {
			continue
		}
		out[c.owner] = 0
		if fewest[c.owner] {
			out[c.owner] = 1 / float64(len(fewest))
		}
	}
	return out
}

func isAddress(value string) bool {
	_, err := netip.ParseAddr(value)
	_, portErr := netip.ParseAddrPort(value)
	return err == nil || portErr == nil
}

// kinds of lines, any of which an attacker may use alone, and all together.
func kinds(lines []line) map[string][]line {
	out := map[string][]line{"all": lines}
	for _, l := range lines {
		kind := strings.Join([]string{l.fields["msg"], l.fields["route"], l.fields["status"], l.fields["name"]}, " ")
		out[kind] = append(out[kind], l)
	}
	return out
}

// found is how many times as many as chance each join finds.
type found map[string]float64

// String is for the test's log.
func (f found) String() string {
	return fmt.Sprintf("order %.2f, time %.2f, value %.2f, address %.2f", f["order"], f["time"], f["value"], f["address"])
}

// attack tries every join on every kind of lines, and tells the best of each join.
func attack(asked, cast []line) found {
	best := found{}
	for _, lines := range kinds(asked) {
		for join, g := range map[string]guesses{
			"order": joinByOrder(lines, cast), "time": joinByTime(lines, cast),
			"value":   joinByValue(lines, cast, func(string) bool { return true }),
			"address": joinByValue(lines, cast, isAddress),
		} {
			best[join] = max(best[join], g.timesChance())
		}
	}
	return best
}

// public is what everybody reads on the ledger: each cast with the second of its
// block, its hash and ballot key.
func (p *polling) public() (out []line) {
	for _, voter := range p.ledger {
		e := &p.electors[voter]
		out = append(out, line{owner: voter, at: e.casts.Truncate(time.Second).Add(time.Second), fields: map[string]string{
			"transaction": hex.EncodeToString(e.transaction[:]), "key": hex.EncodeToString(e.ballotKey[:])}})
	}
	return out
}

// gatewayLogs are the logs of one gateway, and of both together in their order.
func gatewayLogs(t *testing.T, logs []journal) map[string][]line {
	t.Helper()
	first := logs[0].lines(t)
	both := slices.Concat(first, logs[1].lines(t))
	slices.SortStableFunc(both, func(a, b line) int { return a.at.Compare(b.at) })
	return map[string][]line{"one gateway": first, "both gateways": both}
}

// The logs of gateways and nodes, joined with each other and with the public
// ledger, tell no more than twice what chance does of which asker cast which
// ballot, at the usual level and at debug.
func TestLogsOfGatewaysAndNodesLinkNobodyWithABallot(t *testing.T) {
	p := newPolling(t)
	synctest.Test(t, func(*testing.T) {
		p.draw(rand.New(rand.NewPCG(42, 42)))
		p.run()
	})
	ledger := p.public()
	for level, logs := range map[string]*[3]journal{"usual": &p.usual, "debug": &p.debug} {
		if len(logs[0].owners) == 0 {
			t.Errorf("the log at %s level is empty: the test looks at the wrong one", level)
		}
		for of, asked := range gatewayLogs(t, logs[:2]) {
			for with, cast := range map[string][]line{"the node's log": logs[2].lines(t), "the ledger": ledger} {
				found := attack(asked, cast)
				t.Logf("%s level, %s (%d lines) with %s (%d lines): %v × chance", level, of, len(asked), with, len(cast), found)
				for join := range found {
					if found[join] > 2 {
						t.Errorf("%s level: the log of %s and %s join by %s %.1f times as many as chance", level, of, with, join, found[join])
					}
				}
			}
		}
	}
	careless(t, p, ledger)
	secretsIn(t, p, &p.usual, &p.debug)
}

// secretsIn looks for what is a voter's own in every line that differs from others
// in more than its moment.
func secretsIn(t *testing.T, p *polling, all ...*[3]journal) {
	t.Helper()
	different := map[string]bool{}
	for _, logs := range all {
		for i := range logs {
			for text := range strings.Lines(logs[i].String()) {
				_, said, _ := strings.Cut(text, " ")
				different[said] = true
			}
		}
	}
	text := strings.Join(slices.Sorted(maps.Keys(different)), "")
	for voter := range p.electors {
		for _, secret := range p.electors[voter].secrets() {
			if strings.Contains(text, secret) {
				t.Fatalf("a log holds %q of voter %d", secret, voter)
			}
		}
	}
}

// careless says that the attacks find what there is to find: in logs with a line
// of each request they join by order and time many times what chance does, and by
// address everybody.
func careless(t *testing.T, p *polling, ledger []line) {
	t.Helper()
	asked, cast := p.telltale[0].lines(t), p.telltale[1].lines(t)
	for with, found := range map[string]found{"a careless node's log": attack(asked, cast), "the ledger": attack(asked, ledger)} {
		t.Logf("a careless gateway's log with %s: %v × chance", with, found)
		if found["order"] < 10 || found["time"] < 10 {
			t.Errorf("a line of each request joins with %s only %v × chance: the attack is too weak", with, found)
		}
		if with != "the ledger" && (found["address"] < votes*0.99 || found["value"] < votes*0.99) {
			t.Errorf("lines with addresses join only %v × chance: the attack is too weak", found)
		}
	}
}
