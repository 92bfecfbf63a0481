package public

import (
	"io"
	"net/http"
)

// FreeBytes of requests and answers.
const FreeBytes = freeBytes

// Budget of bytes.
type Budget = budget

// NewBudget has a limit.
func NewBudget(limit int64) *Budget { return &budget{limit: limit} }

// Held is what is charged.
func (b *budget) Held() int64 { return b.held.Load() }

// Charged is a request's body that is charged to a budget.
func Charged(r io.Reader, b *Budget) io.Reader { return &body{Reader: r, budget: b} }

// Answer is an answer that is charged to a budget.
func Answer(w http.ResponseWriter, b *Budget) http.ResponseWriter {
	return &written{ResponseWriter: w, budget: b}
}
