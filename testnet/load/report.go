package load

import (
	"math"
	"slices"
	"time"
)

// Report is what a run came to. Times are seconds.
type Report struct {
	// Planned transactions, those sent, and those whose receipt verified.
	Planned  int `json:"planned"`
	Sent     int `json:"sent"`
	InBlocks int `json:"in_blocks"`
	Verified int `json:"verified"`
	Refused  int `json:"refused"`
	// Lost were sent and not refused, and are in no block after the wait.
	Lost    int `json:"lost"`
	Doubled int `json:"doubled"`
	// Busy answers, and transactions that were sent again after one or after a
	// long wait.
	Busy    int            `json:"busy"`
	Resent  int            `json:"resent"`
	Failed  int            `json:"failed_requests"`
	Reasons map[string]int `json:"reasons,omitempty"`

	// Seconds from the first due time to the last block of the run.
	Seconds float64 `json:"seconds"`
	// PerSecond is the median over windows, Mean that over the whole run.
	PerSecond float64 `json:"per_second"`
	Mean      float64 `json:"mean_per_second"`
	Windows   int     `json:"windows"`

	// Latency from the due time to the receipt that verifies.
	P50 float64 `json:"p50_s"`
	P95 float64 `json:"p95_s"`
	P99 float64 `json:"p99_s"`
	Max float64 `json:"max_s"`
	// Block latency: from the due time to the sight of the block.
	BlockP50 float64 `json:"block_p50_s"`
	BlockP95 float64 `json:"block_p95_s"`
	// WithinFive is the share of all sent that were in a block within 5 s.
	WithinFive float64 `json:"within_5s"`
	// Late is how much later than due they left this program.
	LateP99 float64 `json:"generator_late_p99_s"`

	// Receipts that were fetched and verified whole, and how much later each was
	// there than the meter said.
	Receipts     int     `json:"receipts_verified"`
	ReceiptAfter float64 `json:"receipt_after_p50_s"`
	ReceiptP95   float64 `json:"receipt_p95_s"`

	Bytes       int64   `json:"bytes"`
	BytesMean   float64 `json:"bytes_mean"`
	Blocks      int     `json:"blocks"`
	BlockMeanMS float64 `json:"block_interval_ms"`
}

// report of a run over the transactions' sizes.
func (r *Run) report(size func(int) int, blocks []BlockSeen) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := Report{
		Planned: len(r.state), Sent: r.submitted, InBlocks: r.inBlocks, Verified: r.proved, Doubled: r.doubled,
		Busy: r.answeredBusy, Resent: r.resent, Failed: r.failed, Reasons: r.reasons,
	}
	var latency, toBlock, at []float64
	first := unset
	for i, s := range r.state {
		if s != waiting && (first == unset || r.planned[i] < first) {
			first = r.planned[i]
		}
		switch s {
		case refused:
			out.Refused++
		case sent, admitted, busy:
			out.Lost++
		case inBlock, done:
			out.Bytes += int64(size(i))
			toBlock, at = append(toBlock, (r.block[i]-r.planned[i]).Seconds()), append(at, r.block[i].Seconds())
			if s == done {
				latency = append(latency, (r.verified[i] - r.planned[i]).Seconds())
			}
		}
	}
	slices.Sort(latency)
	slices.Sort(toBlock)
	slices.Sort(at)
	out.P50, out.P95, out.P99, out.Max = Quantile(latency, 0.5), Quantile(latency, 0.95), Quantile(latency, 0.99), Quantile(latency, 1)
	out.BlockP50, out.BlockP95 = Quantile(toBlock, 0.5), Quantile(toBlock, 0.95)
	within, _ := slices.BinarySearch(toBlock, 5)
	out.WithinFive = float64(within) / math.Max(float64(r.submitted), 1)
	late := make([]float64, len(r.lateness))
	for i, d := range r.lateness {
		late[i] = d.Seconds()
	}
	slices.Sort(late)
	out.LateP99 = Quantile(late, 0.99)
	if len(at) > 0 {
		out.BytesMean = float64(out.Bytes) / float64(len(at))
		out.Seconds = at[len(at)-1] - first.Seconds()
		out.Mean = float64(len(at)) / math.Max(out.Seconds, 1e-3)
		out.PerSecond, out.Windows = MedianRate(at, first.Seconds())
	}
	out.Blocks, out.BlockMeanMS = interval(blocks, first, at)
	return out
}

// Quantile of sorted values: the smallest that so large a part does not exceed;
// 0 without values.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// leastWindow is how long one window of a rate is at least, in seconds: long
// beside the interval of blocks, so that no window lies between two.
const leastWindow = 4

// MedianRate cuts sorted times, seconds, into windows that end with a block and
// are at least four seconds long, and gives the median of their rates. What
// comes after the last whole window counts to none.
func MedianRate(times []float64, from float64) (rate float64, windows int) {
	var rates []float64
	begin, count := from, 0
	for i, t := range times {
		count++
		if i+1 < len(times) && times[i+1] == t {
			continue // of the same block
		}
		if t-begin >= leastWindow {
			rates = append(rates, float64(count)/(t-begin))
			begin, count = t, 0
		}
	}
	if len(rates) == 0 {
		if len(times) == 0 || times[len(times)-1] <= from {
			return 0, 0
		}
		return float64(len(times)) / (times[len(times)-1] - from), 1
	}
	slices.Sort(rates)
	if n := len(rates); n%2 == 0 {
		return (rates[n/2-1] + rates[n/2]) / 2, n
	}
	return rates[len(rates)/2], len(rates)
}

// interval of the blocks of a run.
func interval(blocks []BlockSeen, first time.Duration, at []float64) (int, float64) {
	if len(at) == 0 {
		return 0, 0
	}
	var from, to *BlockSeen
	n := 0
	for i := range blocks {
		if b := &blocks[i]; b.At >= first && b.At.Seconds() <= at[len(at)-1] {
			if from == nil {
				from = b
			}
			to = b
			n++
		}
	}
	if n < 2 {
		return n, 0
	}
	return n, float64(to.HeaderMS-from.HeaderMS) / float64(n-1)
}
