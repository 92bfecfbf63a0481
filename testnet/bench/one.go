package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

// one measures networks of one validator, by number of ballots. The figures of
// the table that have no size in their name are those of the largest.
func (b *bench) one(ctx context.Context) error {
	var errs []error
	for i, n := range b.options.sizes {
		largest := i == len(b.options.sizes)-1
		b.stage(ctx, "one-"+label(n), fmt.Sprintf("one validator, %d ballots", n), func(ctx context.Context) error {
			return b.measureOne(ctx, n, largest)
		})
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// growth are the figures of one size.
type growth struct {
	Ballots             int     `json:"ballots"`
	Commit              string  `json:"commit"`
	Date                string  `json:"date"`
	MadePerS            float64 `json:"made_per_s"`
	IssuedPerS          float64 `json:"issued_per_s"`
	AcceptedPerS        float64 `json:"accepted_per_s"`
	AcceptedSeconds     float64 `json:"accepted_seconds"`
	StatePerBallot      float64 `json:"state_bytes_per_ballot"`
	StatePerIssuance    float64 `json:"state_bytes_per_issuance"`
	DiskPerTxByte       float64 `json:"disk_per_tx_byte"`
	BallotBytes         float64 `json:"ballot_bytes"`
	IssuanceBytes       float64 `json:"issuance_bytes"`
	ValidatorRSSMB      float64 `json:"validator_rss_mb"`
	RestartS            float64 `json:"restart_s"`
	CatchupPerS         float64 `json:"catchup_per_s"`
	ResultS             float64 `json:"result_s"`
	CountedExactly      bool    `json:"counted_exactly"`
	FetchS              float64 `json:"fetch_s"`
	AuditPerS           float64 `json:"audit_per_s"`
	AuditRSSMB          float64 `json:"audit_rss_mb"`
	RecordBytesPerVoter float64 `json:"record_bytes_per_ballot"`
}

func (b *bench) measureOne(ctx context.Context, n int, largest bool) (err error) {
	g := growth{Ballots: n, Commit: fmt.Sprint(b.results.values["commit"]), Date: fmt.Sprint(b.results.values["date"])}
	if largest {
		if err := b.floor(ctx, 1, "floor_tx_per_s_1v"); err != nil {
			return err
		}
	}
	t, err := b.start(ctx, stage.Spec{Dir: b.path("one-" + label(n)), Validators: 1, Idle: 1}, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	if err := t.chainOf(ctx, n, largest, &g); err != nil {
		return err
	}
	// What was measured until then counts, whatever the rest comes to.
	defer func() {
		b.results.put("growth", label(n), generic(g))
		b.keys(n, largest, g)
	}()
	for _, step := range []struct {
		what string
		do   func(context.Context, *growth) error
	}{{"restart", t.restart}, {"catch-up", t.catchUp}, {"result", t.result}, {"audit", t.audit}} {
		if err := step.do(ctx, &g); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if largest {
		return b.floor(ctx, 1, "floor_tx_per_s_1v")
	}
	return nil
}

// chainOf makes a chain with n issuances and n ballots, and measures its growth
// on disk.
func (t *trial) chainOf(ctx context.Context, n int, largest bool, g *growth) (err error) {
	// One validator has short queues.
	closeEvery := 40 * time.Second
	if n > 20_000 {
		closeEvery = time.Minute
	}
	if g.MadePerS, err = t.open(ctx, n, closeEvery); err != nil {
		return err
	}
	before, err := t.settled(ctx)
	if err != nil {
		return err
	}
	_, bytesBefore := t.meter.Totals()
	issued, err := t.issue(ctx, n)
	if err != nil {
		return err
	}
	middle, err := t.settled(ctx)
	if err != nil {
		return err
	}
	cast, err := t.play(ctx, "ballots as fast as possible", load.Play{List: &t.file.Ballots, To: n, Length: t.options.length, Sample: t.options.sample, Wait: 5 * time.Minute})
	if err != nil {
		return err
	}
	if cast.Sent < n {
		if _, err := t.play(ctx, "the other ballots", load.Play{List: &t.file.Ballots, From: cast.Sent, To: n, Wait: 5 * time.Minute}); err != nil {
			return err
		}
	}
	g.ValidatorRSSMB = peakOf(t.network.Node(0).PID())
	after, err := t.settled(ctx)
	if err != nil {
		return err
	}
	_, bytesAfter := t.meter.Totals()
	g.IssuedPerS, g.IssuanceBytes = round(issued.PerSecond), round(issued.BytesMean)
	g.AcceptedPerS, g.AcceptedSeconds, g.BallotBytes = round(cast.PerSecond), round(cast.Seconds), round(cast.BytesMean)
	g.StatePerIssuance = round(float64(middle.app-before.app) / float64(n))
	g.StatePerBallot = round(float64(after.app-middle.app) / float64(n))
	g.DiskPerTxByte = round(float64((after.all-after.wal)-(before.all-before.wal)) / float64(bytesAfter-bytesBefore))
	t.say("state %.0f bytes a ballot, %.0f an issuance; disk %.2f per byte of transactions; validator %.0f MB", g.StatePerBallot, g.StatePerIssuance, g.DiskPerTxByte, g.ValidatorRSSMB)
	t.results.put("runs", "accepted_1v_"+label(n), generic(cast))
	if largest {
		t.results.set("accepted_per_s_1v", g.AcceptedPerS)
	}
	return nil
}

// settled measures the first node's folders after it was started again, so that
// nothing but what it needs is there.
func (t *trial) settled(ctx context.Context) (sizes, error) {
	if err := t.network.Terminate(0); err != nil {
		return sizes{}, err
	}
	if err := t.network.Restart(ctx, 0); err != nil {
		return sizes{}, err
	}
	if err := quiet(ctx, 3*time.Second); err != nil {
		return sizes{}, err
	}
	return t.sizes(0)
}

// restart kills the validator and waits until it answers with its last block.
func (t *trial) restart(ctx context.Context, g *growth) error {
	before, err := t.network.Status(ctx, 0)
	if err != nil {
		return err
	}
	if err := t.network.Kill9(0); err != nil {
		return err
	}
	begun := time.Now()
	if err := t.network.Restart(ctx, 0); err != nil {
		return err
	}
	if err := t.reaches(ctx, 0, before.Height); err != nil {
		return err
	}
	g.RestartS = round(time.Since(begun).Seconds())
	t.say("restart after kill -9: %.2f s", g.RestartS)
	return nil
}

// reaches waits until a node has a height.
func (t *trial) reaches(ctx context.Context, node int, height int64) error {
	for {
		if s, err := t.network.Status(ctx, node); err == nil && s.Height >= height {
			return nil
		}
		if err := quiet(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("wait until %s has height %d: %w", t.network.Node(node).Name, height, err)
		}
	}
}

// catchUp starts the idle observer, which has nothing but the genesis.
func (t *trial) catchUp(ctx context.Context, g *growth) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	head, err := t.network.Status(ctx, 0)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := t.network.Restart(ctx, 1); err != nil {
		return err
	}
	if err := t.reaches(ctx, 1, head.Height); err != nil {
		return err
	}
	took := time.Since(begun).Seconds()
	g.CatchupPerS = round(float64(g.Ballots) / took)
	t.say("a new observer caught up with %d blocks in %.1f s: %.0f ballots a second", head.Height, took, g.CatchupPerS)
	return t.network.Terminate(1)
}

// result lets the election close, has the trustees count, and compares the
// count with what the voters chose.
func (t *trial) result(ctx context.Context, g *growth) error {
	begun := time.Now()
	if err := t.election.TrusteesOnline(ctx); err != nil {
		return err
	}
	t.say("trustees have verified all ballots after %.1f s", time.Since(begun).Seconds())
	if err := t.election.LetClose(); err != nil {
		return err
	}
	if err := quiet(ctx, time.Until(t.election.Closes())); err != nil {
		return err
	}
	begun = time.Now()
	if err := t.election.Count(ctx); err != nil {
		return err
	}
	g.ResultS = round(time.Since(begun).Seconds())
	t.say("result %.1f s after the close", g.ResultS)
	want := make([]uint64, contestOptions)
	for i := range g.Ballots {
		for o, score := range t.maker.Voter(i).Scores[0] {
			want[o] += uint64(score)
		}
	}
	got, err := t.election.Results(ctx)
	if err != nil {
		return err
	}
	if fmt.Sprint(got[0]) != fmt.Sprint(want) {
		return fmt.Errorf("the count is %v, the voters chose %v", got[0], want)
	}
	g.CountedExactly = true
	return t.election.Finish(ctx)
}

// audit fetches the record and verifies it as anybody can.
func (t *trial) audit(ctx context.Context, g *growth) error {
	record := t.election.Record()
	fetched, err := t.measure(ctx, "urna", "audit", "fetch", "--node", t.network.Node(0).APIURL, "--genesis", t.network.Genesis(), record)
	if err != nil {
		return err
	}
	g.FetchS = round(fetched.wall.Seconds())
	bytes, err := size(record)
	if err != nil {
		return err
	}
	g.RecordBytesPerVoter = round(float64(bytes) / float64(g.Ballots))
	audited, err := t.measure(ctx, "urna", "audit", record, "--json")
	if err != nil {
		return err
	}
	g.AuditPerS, g.AuditRSSMB = round(float64(g.Ballots)/audited.wall.Seconds()), audited.rssMB
	t.say("record fetched in %.1f s, audited in %.1f s: %.0f ballots a second, %.0f MB, %.2f cores", g.FetchS, audited.wall.Seconds(), g.AuditPerS, g.AuditRSSMB,
		audited.cpu.Seconds()/audited.wall.Seconds())
	return nil
}

// keys puts a size's figures under the names of the table.
func (b *bench) keys(n int, largest bool, g growth) {
	for key, value := range map[string]float64{"audit_rss_mb": g.AuditRSSMB, "result_s": g.ResultS, "restart_s": g.RestartS} {
		if value > 0 {
			b.results.set(key+"_"+label(n), value)
		}
	}
	if !largest {
		return
	}
	for key, value := range map[string]float64{
		"accepted_per_s_1v": g.AcceptedPerS, "issued_per_s_1v": g.IssuedPerS, "audit_per_s": g.AuditPerS, "catchup_per_s": g.CatchupPerS,
		"state_bytes_per_ballot": g.StatePerBallot, "state_bytes_per_issuance": g.StatePerIssuance, "disk_per_tx_byte": g.DiskPerTxByte,
		"made_per_s": round(g.MadePerS), "validator_rss_mb": g.ValidatorRSSMB,
	} {
		if value > 0 {
			b.results.set(key, value)
		}
	}
	b.results.set("ballots_1v", float64(n))
	b.results.set("ballot_bytes", g.BallotBytes)
	b.limit()
}

// limit is the share of what floor and cryptography allow together.
func (b *bench) limit() {
	floor, a := b.results.number("floor_tx_per_s_1v")
	verify, v := b.results.number("verify_per_s_core")
	accepted, c := b.results.number("accepted_per_s_1v")
	if a && v && c && floor > 0 && verify > 0 {
		limit := 1 / (1/floor + 1/verify/float64(cores()))
		b.results.set("limit_per_s_1v", round(limit))
		b.results.set("limit_share_1v", round(accepted/limit))
	}
}

// peakOf is the most memory that a running process held, in MB; 0 where the
// system does not say.
func peakOf(pid int) float64 {
	f, err := os.Open(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	if err != nil {
		return 0
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var kib float64
		if _, err := fmt.Sscanf(in.Text(), "VmHWM: %f kB", &kib); err == nil {
			return round(kib * 1024 / 1e6)
		}
	}
	return 0
}

// watchPeak watches the most memory that a process holds until it has ended, and
// then gives it, in MB. What the system says of an ended child would not do: it
// counts the memory of the program that started it.
func watchPeak(pid int) (end func() float64) {
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, peakOf(pid))
			select {
			case <-stop:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-peak
	}
}
