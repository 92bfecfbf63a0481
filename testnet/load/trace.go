package load

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The accepted ballots of the Moscow remote vote of March 2024, from its first
// morning on.
//
//go:embed data/moscow-2024-load.csv
var moscow2024 string

// Step of a curve: a rate of ballots a second that holds for a while.
type Step struct {
	For  time.Duration
	Rate float64
}

// Schedule says when each ballot is due after the beginning.
type Schedule []Step

// Constant is one rate for a while.
func Constant(rate float64, length time.Duration) Schedule { return Schedule{{length, rate}} }

// Trace is the curve of 2024 with every rate multiplied.
func Trace(multiple float64) (Schedule, error) { return parseTrace(moscow2024, multiple) }

// Peak is the busiest step of the curve of 2024, multiplied, for a while.
func Peak(multiple float64, length time.Duration) (Schedule, error) {
	all, err := Trace(multiple)
	if err != nil {
		return nil, err
	}
	best := 0.0
	for _, s := range all {
		best = max(best, s.Rate)
	}
	return Constant(best, length), nil
}

func parseTrace(text string, multiple float64) (Schedule, error) {
	if !(multiple > 0) || math.IsInf(multiple, 0) { // NaN is refused too
		return nil, fmt.Errorf("read trace: multiple %v: give a number above 0", multiple)
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comment, in.FieldsPerRecord = '#', 3
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	if len(rows) < 2 || strings.Join(rows[0], ",") != "seconds_from_start,seconds,accepted" {
		return nil, fmt.Errorf("read trace: the columns must be seconds_from_start,seconds,accepted, with rows below")
	}
	var s Schedule
	end := 0.0
	for i, row := range rows[1:] {
		var n [3]float64
		for j, text := range row {
			if n[j], err = strconv.ParseFloat(text, 64); err != nil || n[j] < 0 || math.IsInf(n[j], 0) || math.IsNaN(n[j]) {
				return nil, fmt.Errorf("read trace: row %d: %q is not a number from 0 on", i+1, text)
			}
		}
		if n[0] < end || n[1] == 0 {
			return nil, fmt.Errorf("read trace: row %d begins at %v, before the one above ends, or has no length", i+1, n[0])
		}
		if n[0] > end {
			s = append(s, Step{seconds(n[0] - end), 0})
		}
		s = append(s, Step{seconds(n[1]), n[2] / n[1] * multiple})
		end = n[0] + n[1]
	}
	return s, nil
}

// Length of the whole schedule.
func (s Schedule) Length() time.Duration {
	var total time.Duration
	for _, step := range s {
		total += step.For
	}
	return total
}

// Count of ballots due before the end.
func (s Schedule) Count() int { return s.Due(s.Length()) }

// Due is how many ballots are due by a time: ballot i at the time when the area
// under the curve reaches i.
func (s Schedule) Due(at time.Duration) int {
	area := 0.0
	for _, step := range s {
		if at <= 0 {
			break
		}
		area += min(at, step.For).Seconds() * step.Rate
		at -= step.For
	}
	return int(math.Ceil(area - 1e-9))
}

// At is when ballot i is due; the length of the schedule for one beyond it.
func (s Schedule) At(i int) time.Duration {
	left, begun := float64(i), time.Duration(0)
	for _, step := range s {
		area := step.For.Seconds() * step.Rate
		if left < area {
			return begun + seconds(left/step.Rate)
		}
		left -= area
		begun += step.For
	}
	return begun
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
