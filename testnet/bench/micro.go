package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// goBench runs benchmarks of a package on one core and gives the metrics of
// each by its unit.
func goBench(ctx context.Context, pkg, pattern, length string, cpus int) (map[string]map[string]float64, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", length, "-cpu", strconv.Itoa(cpus), "-timeout", "20m", pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("benchmark %s of %s: %w: %s", pattern, pkg, err, out[max(0, len(out)-1000):])
	}
	found := parseBench(out)
	if len(found) == 0 {
		return nil, fmt.Errorf("benchmark %s of %s: there is none", pattern, pkg)
	}
	return found, nil
}

// parseBench reads lines "BenchmarkName-2  10  123 ns/op  456 ballots/s".
func parseBench(out []byte) map[string]map[string]float64 {
	found := map[string]map[string]float64{}
	for in := bufio.NewScanner(bytes.NewReader(out)); in.Scan(); {
		fields := strings.Fields(in.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		metrics := map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				metrics[fields[i+1]] = v
			}
		}
		found[name] = metrics
	}
	return found
}

// verify measures all checks of a ballot on one core: the figure of the table
// over some seconds, and a table over options, issuers and batches.
func (b *bench) verify(ctx context.Context) error {
	const pkg, name = "./crypto/bench", "BenchmarkBallotAllChecks/"
	// Three times, since one core may be slow for a moment: the median.
	var rates []float64
	for range 3 {
		found, err := goBench(ctx, pkg, "^"+strings.TrimSuffix(name, "/")+"$/^options=10$/^k=1$/^batch=1024$", "2s", 1)
		if err != nil {
			return err
		}
		rates = append(rates, found[name+"options=10/k=1/batch=1024"]["ballots/s"])
	}
	slices.Sort(rates)
	b.results.set("verify_per_s_core", round(rates[1]))
	b.say("options 10, one issuer, batches of 1,024: %.0f ballots a second and core", rates[1])
	b.limit()
	for _, pattern := range []string{"/^options=(4|10|20|36|200)$/^k=1$/^batch=(1|1024)$", "/^options=10$/^k=(2|3)$/^batch=1024$", "/^options=10$/^k=1$/^batch=(16|128)$"} {
		found, err := goBench(ctx, pkg, "^"+strings.TrimSuffix(name, "/")+"$"+pattern, "300ms", 1)
		if err != nil {
			return err
		}
		for full, m := range found {
			b.results.put("verify", strings.TrimPrefix(full, name), map[string]any{"per_s_core": round(m["ballots/s"]), "bytes": round(m["bytes/ballot"])})
		}
	}
	b.results.put("verify", "options=10/k=1/batch=1024", map[string]any{
		"per_s_core": round(rates[1]), "bytes": b.results.group("verify")["options=10/k=1/batch=1024"].(map[string]any)["bytes"],
	})
	return nil
}

// snapshot measures how quickly a snapshot is restored and checked.
func (b *bench) snapshot(ctx context.Context) error {
	found, err := goBench(ctx, "./app/...", "^BenchmarkSnapshotRestore", "2x", cores())
	if err != nil {
		return err
	}
	best := 0.0
	for name, m := range found {
		b.results.put("snapshot", name, m["MB/s"])
		best = max(best, m["MB/s"])
	}
	if best == 0 {
		return errors.New("the benchmark tells no MB/s")
	}
	b.results.set("snapshot_restore_mb_s", round(best))
	b.say("restored and checked with %.0f MB/s", best)
	return nil
}

// deviceRuns of a voter's device; the median counts.
const deviceRuns = 50

// voter measures what a device does for one vote, without waiting for anybody:
// the token request, its finalization, and a ballot of ten options.
func (b *bench) voter(context.Context) error {
	form, err := freshForm()
	if err != nil {
		return err
	}
	issuer, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
	if err != nil {
		return err
	}
	scope := blindtoken.Scope{ChainID: form.ChainID, Election: form.Election}
	var times []float64
	for range deviceRuns {
		took, err := device(form, issuer, scope)
		if err != nil {
			return err
		}
		times = append(times, took.Seconds()*1000)
	}
	slices.Sort(times)
	b.results.set("voter_ms", round(load.Quantile(times, 0.5)))
	b.say("token request, finalization and ballot: %.2f ms, p99 %.2f", load.Quantile(times, 0.5), load.Quantile(times, 0.99))
	return nil
}

// device does a voter's work; the issuer's signing between counts for nothing.
func device(form *ballot.Form, issuer *blindtoken.PrivateKey, scope blindtoken.Scope) (time.Duration, error) {
	begun := time.Now()
	secret, err := blindtoken.NewSecret(rand.Reader)
	if err != nil {
		return 0, err
	}
	request, err := blindtoken.Blind(secret, scope, issuer.Public())
	if err != nil {
		return 0, err
	}
	took := time.Since(begun)
	answer, err := issuer.Sign(request.Blinded())
	if err != nil {
		return 0, err
	}
	begun = time.Now()
	signature, err := request.Finalize(answer)
	if err != nil {
		return 0, err
	}
	key := secret.BallotKey(scope)
	if err := cast(form, key, signature); err != nil {
		return 0, err
	}
	return took + time.Since(begun), nil
}

func cast(form *ballot.Form, key sign.PrivateKey, signature []byte) error {
	marks := make([]bool, contestOptions)
	marks[3] = true
	bits, err := bitproof.ChoiceBits(contestOptions, 1, 1, marks)
	if err != nil {
		return err
	}
	ct, proof, err := bitproof.Prove(rand.Reader, form.Statement(key.Public(), 1), bits)
	if err != nil {
		return err
	}
	message := form.Message(1, &ballotv1.Token{Signatures: [][]byte{signature}}, ct, proof)
	_, err = envelope.Encode(form.ChainID, uint32(txv1.Kind_KIND_CAST_BALLOT), ledger.MustEncode(message), key)
	return err
}

// freshForm of an election with one contest of ten options under random keys.
func freshForm() (*ballot.Form, error) {
	def := &electionv1.Definition{
		Contests: []*electionv1.Contest{{Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1}},
		Styles:   []*electionv1.Style{{Contests: []uint32{0}}},
	}
	var points []group.Point
	for range contestOptions {
		def.Contests[0].Options = append(def.Contests[0].Options, &electionv1.Option{})
		secret, err := group.RandomScalar(rand.Reader)
		if err != nil {
			return nil, err
		}
		points = append(points, group.BaseMul(secret))
	}
	vector, err := elgamal.NewKeyVector(points)
	if err != nil {
		return nil, err
	}
	return ballot.NewForm("urna-bench", [32]byte{1}, def, 0, &ceremonyv1.ElectionKey{Mode: "dkg", Slots: vector.Encode()})
}
