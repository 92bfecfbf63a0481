package load_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/testnet/load"
)

func hash(b byte) [32]byte { return [32]byte{b} }

func TestARunTellsLostDoubledAndRefusedApart(t *testing.T) {
	r := load.NewRunOf(hash(1), hash(2), hash(3), hash(4), hash(5), hash(6))
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for i := range 5 { // the sixth is never due
		r.Sending(i, ms(100*i), ms(100*i+5))
	}
	if r.Open() != 5 {
		t.Fatalf("%d open", r.Open())
	}
	r.Answered(0, "", false)
	r.Answered(1, "node/busy", true)
	r.Sending(1, 0, ms(600))
	r.Answered(1, "", false)
	r.Answered(2, "ballot/bad-proof", false)
	r.Answered(3, "", false)
	if r.Held() != 3 || r.Open() != 4 {
		t.Fatalf("%d held, %d open", r.Held(), r.Open())
	}
	r.Committed(7, ms(1000), hash(1), hash(99), hash(4))
	r.Committed(8, ms(2000), hash(2), hash(4))
	r.Proven(7, ms(1100))
	r.Proven(8, ms(2300))
	out := r.Report()
	if out.Sent != 5 || out.InBlocks != 3 || out.Verified != 3 || out.Refused != 1 || out.Lost != 1 || out.Doubled != 1 || out.Busy != 1 || out.Resent != 1 {
		t.Fatalf("%+v", out)
	}
	if out.Reasons["ballot/bad-proof"] != 1 || out.Bytes != 300 || r.Held() != 0 || r.Open() != 1 {
		t.Fatalf("%+v, %d held, %d open", out, r.Held(), r.Open())
	}
	// From the planned time, not from the sending again: 1.1, 2.2 and 0.8 s.
	if out.P50 != 1.1 || out.Max != 2.2 || out.LateP99 != 0.005 {
		t.Fatalf("%+v", out)
	}
}

func TestALateAnswerDoesNotUndoABlock(t *testing.T) {
	r := load.NewRunOf(hash(1))
	r.Sending(0, 0, 0)
	r.Committed(1, time.Second, hash(1))
	r.Answered(0, "", false)
	r.Answered(0, "ledger/spent", false)
	r.Proven(1, 2*time.Second)
	if out := r.Report(); out.Verified != 1 || out.Refused != 0 || out.Lost != 0 || r.Held() != 0 || r.Open() != 0 {
		t.Fatalf("%+v", out)
	}
}

func TestWhatWaitsTooLongIsSentAgainOnceInAWhile(t *testing.T) {
	r := load.NewRunOf(hash(1), hash(2))
	r.Sending(0, 0, 0)
	r.Sending(1, 0, 9*time.Second)
	r.Answered(0, "", false)
	r.Answered(1, "", false)
	if got := r.Overdue(5 * time.Second); !slices.Equal(got, []int{0}) {
		t.Fatal(got)
	}
	if got := r.Overdue(5 * time.Second); got != nil {
		t.Fatalf("%v at once again", got)
	}
}

func TestQuantilesAreValuesThatOccurred(t *testing.T) {
	var v []float64
	for i := 1; i <= 100; i++ {
		v = append(v, float64(i))
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.95: 95, 0.99: 99, 0.991: 100, 1: 100} {
		if got := load.Quantile(v, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if load.Quantile(nil, 0.5) != 0 || load.Quantile([]float64{3}, 0.01) != 3 {
		t.Error("none or one value")
	}
}

func TestTheMedianRateIsOfWholeWindows(t *testing.T) {
	var times []float64
	add := func(at float64, n int) {
		for range n {
			times = append(times, at)
		}
	}
	// A block every second: 100 transactions each, once 1,000, at the end a few.
	for s := 1; s <= 20; s++ {
		n := 100
		if s == 7 {
			n = 1000
		}
		add(float64(s), n)
	}
	add(21, 3)
	if rate, windows := load.MedianRate(times, 0); rate != 100 || windows != 5 {
		t.Errorf("%v over %d windows", rate, windows)
	}
	if rate, windows := load.MedianRate([]float64{1, 1, 2}, 0); rate != 1.5 || windows != 1 {
		t.Errorf("a short run: %v over %d", rate, windows)
	}
	if rate, windows := load.MedianRate(nil, 0); rate != 0 || windows != 0 {
		t.Errorf("nothing: %v over %d", rate, windows)
	}
}

func TestBallotsAreDueAlongTheCurve(t *testing.T) {
	s, err := load.ParseTrace("seconds_from_start,seconds,accepted\n0,10,20\n20,10,100\n", 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Length() != 30*time.Second || s.Count() != 240 {
		t.Fatalf("%v, %d", s.Length(), s.Count())
	}
	for at, want := range map[time.Duration]int{0: 0, time.Second: 4, 10 * time.Second: 40, 15 * time.Second: 40, 21 * time.Second: 60, time.Hour: 240} {
		if got := s.Due(at); got != want {
			t.Errorf("due at %v: %d, want %d", at, got, want)
		}
	}
	last := time.Duration(-1)
	for i := range s.Count() {
		at := s.At(i)
		if at < last || at > s.Length() {
			t.Fatalf("ballot %d is due at %v after %v", i, at, last)
		}
		if n := s.Due(at + time.Millisecond); n <= i {
			t.Fatalf("ballot %d is due at %v, but only %d are then", i, at, n)
		}
		last = at
	}
}

func TestTheCurveOf2024HasItsPeak(t *testing.T) {
	s, err := load.Peak(1, 10*time.Second)
	if err != nil || s.Count() != 1600 {
		t.Fatal(s, err)
	}
	whole, err := load.Trace(1)
	if err != nil || whole.Count() < 3_000_000 || whole.Count() > 3_100_000 {
		t.Fatalf("%d ballots, %v", whole.Count(), err)
	}
}

func TestCurvesThatMakeNoSenseAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no head":      "0,1,2\n3,4,5\n",
		"no rows":      "seconds_from_start,seconds,accepted\n",
		"not a number": "seconds_from_start,seconds,accepted\n0,ten,1\n",
		"negative":     "seconds_from_start,seconds,accepted\n0,10,-1\n",
		"overlapping":  "seconds_from_start,seconds,accepted\n0,10,1\n5,10,1\n",
		"no length":    "seconds_from_start,seconds,accepted\n0,0,1\n",
		"a column":     "seconds_from_start,seconds,accepted\n0,10\n",
	} {
		if s, err := load.ParseTrace(text, 1); err == nil {
			t.Errorf("%s: read as %v", name, s)
		}
	}
	for _, multiple := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := load.Trace(multiple); err == nil {
			t.Errorf("multiple %v was taken", multiple)
		}
	}
}

func TestThePaceGivesWayToBusyNodesAndRecovers(t *testing.T) {
	p := load.NewPace(10_000)
	if p.Window(time.Second) != 10_000 {
		t.Fatal("does not begin with all")
	}
	p.Busy(time.Second, 4000)
	if got := p.Window(time.Second); got != 3600 {
		t.Fatalf("%d after a busy node that held 4,000", got)
	}
	p.Busy(time.Second+100*time.Millisecond, 100)
	if got := p.Window(time.Second + 100*time.Millisecond); got < 3600 {
		t.Fatalf("%d: cut twice at once", got)
	}
	grown := p.Window(2 * time.Second)
	for s := 3; s < 60; s++ {
		grown = p.Window(time.Duration(s) * time.Second)
	}
	if grown != 10_000 {
		t.Fatalf("%d after a minute without a busy node", grown)
	}
	for s := 100; s < 160; s++ {
		p.Busy(time.Duration(s)*time.Second, 1)
	}
	if got := p.Window(160 * time.Second); got < 500 {
		t.Fatalf("%d: nothing would be played at all", got)
	}
}

func TestAnswersAreReadWithAndWithoutRefusals(t *testing.T) {
	all := `{"count":2,"ack":{"height":3,"root":"aa"},"others":[]}`
	if reasons, _, err := load.ReadAnswers([]byte(all), 2); err != nil || strings.Join(reasons, "") != "" {
		t.Fatal(reasons, err)
	}
	some := `{"count":4,"others":[{"position":1,"answer":{"hash":"bb","code":32001,"codespace":"node","name":"busy","retry":true}},{"position":2,"answer":{"hash":"cc","code":7,"codespace":"ballot","name":"bad-proof"}},{"position":3,"answer":{"hash":"dd","code":0}}]}`
	reasons, again, err := load.ReadAnswers([]byte(some), 4)
	if err != nil || !slices.Equal(reasons, []string{"", "node/busy", "ballot/bad-proof", ""}) || !slices.Equal(again, []bool{false, true, false, false}) {
		t.Fatal(reasons, again, err)
	}
	for _, bad := range []string{all, some, `{}`, `[`, ``, `{"count":3,"others":[{"position":3,"answer":{"code":0}}]}`} {
		if _, _, err := load.ReadAnswers([]byte(bad), 3); err == nil {
			t.Errorf("%q was taken for three answers", bad)
		}
	}
}

func TestTheKindIsReadOffAnEnvelope(t *testing.T) {
	// version 1, chain id "c", kind 96
	if kind, err := load.KindOf([]byte{8, 1, 18, 1, 'c', 24, 96, 34, 0}); err != nil || kind != 96 {
		t.Fatal(kind, err)
	}
	for _, bad := range [][]byte{nil, {8}, {8, 1}, {18, 200, 'c'}, {13, 1, 2, 3, 4}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}} {
		if kind, err := load.KindOf(bad); err == nil {
			t.Errorf("%x has kind %d", bad, kind)
		}
	}
}
