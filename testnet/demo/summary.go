package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Summary is build/demo/summary.json.
type Summary struct {
	Voters   int `json:"voters"`
	Issued   int `json:"issued"`
	Accepted int `json:"accepted"`
	Recasts  int `json:"recasts"`
	// Refused counts attempts that had to be refused, by reason.
	Refused  map[string]int   `json:"refused"`
	Contests []ContestSummary `json:"contests"`
	// Differences: candidates whose count is not the expected one.
	Differences int `json:"differences"`
	// Audit is "ok" or the findings.
	Audit           string             `json:"audit"`
	ReceiptsChecked int                `json:"receipts_checked"`
	Seconds         map[string]float64 `json:"seconds"`
	TxBytesMean     float64            `json:"tx_bytes_mean"`

	mu sync.Mutex
}

// ContestSummary is a contest in a union of counting groups.
type ContestSummary struct {
	Groups   []string          `json:"groups"`
	Contest  string            `json:"contest"`
	Expected map[string]uint64 `json:"expected"`
	Counted  map[string]uint64 `json:"counted"`
}

func newSummary() *Summary {
	return &Summary{Refused: map[string]int{}, Contests: []ContestSummary{}, Seconds: map[string]float64{}, Audit: "not run"}
}

func (s *Summary) refused(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Refused[reason]++
}

func (s *Summary) took(stage string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Seconds[stage] = math.Round(d.Seconds()*100) / 100
}

// write replaces summary.json whole.
func (s *Summary) write(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "summary.json")
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return os.Rename(path+".new", path)
}
