package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// results are build/bench.json: one key for each figure, and beside them the
// whole reports.
type results struct {
	mu     sync.Mutex
	path   string
	values map[string]any
}

// openResults reads the figures of earlier runs, which stand until they are
// measured again: those of this checkout, or else the published ones.
func openResults(path, published string) (*results, error) {
	r := &results{path: path, values: map[string]any{}}
	for _, from := range []string{path, published} {
		text, err := os.ReadFile(from)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read figures: %w", err)
		}
		if err := json.Unmarshal(text, &r.values); err != nil {
			return nil, fmt.Errorf("read figures %s: %w", from, err)
		}
		break
	}
	return r, nil
}

// published is the file of figures beside a document: what its tables are
// written from, so that another checkout can go on with them.
func published(docs string) string { return strings.TrimSuffix(docs, filepath.Ext(docs)) + ".json" }

// set sets a figure and notes at which commit it was measured.
func (r *results) set(key string, value any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[key] = value
	if _, figure := value.(float64); !figure {
		return
	}
	at, ok := r.values[measuredAt].(map[string]any)
	if !ok {
		at = map[string]any{}
		r.values[measuredAt] = at
	}
	at[key] = r.values["commit"]
}

// measuredAt is the group of the commits of figures.
const measuredAt = "measured_at"

// number of a key, if it was measured.
func (r *results) number(key string) (float64, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.values[key].(float64)
	return n, ok
}

// group of a key that holds several.
func (r *results) group(key string) map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, _ := r.values[key].(map[string]any)
	return g
}

// put sets a figure in a group.
func (r *results) put(group, key string, value any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.values[group].(map[string]any)
	if !ok {
		g = map[string]any{}
		r.values[group] = g
	}
	g[key] = value
}

// save replaces the file whole.
func (r *results) save() error { return r.saveAs(r.path) }

func (r *results) saveAs(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.MarshalIndent(r.values, "", "  ")
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return os.Rename(path+".new", path)
}

// generic turns a report into what JSON gives back, so that figures of this run
// and of an earlier one are alike.
func generic(v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		panic("bench: a report has no JSON: " + err.Error())
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		panic("bench: a report is no object: " + err.Error())
	}
	return out
}

// round to four digits that mean something.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// label of a size: 1e5 for 100,000; other sizes as they are.
func label(n int) string {
	text := strconv.Itoa(n)
	if zeros := strings.TrimLeft(text[1:], "0"); text[0] == '1' && zeros == "" {
		return fmt.Sprintf("1e%d", len(text)-1)
	}
	return text
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
