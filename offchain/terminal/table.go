package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table writes rows in columns. Columns that hold only numbers stand right.
func Table(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header))
	numeric := make([]bool, len(header))
	for i := range header {
		width[i] = utf8.RuneCountInString(header[i])
		numeric[i] = len(rows) > 0
	}
	for _, r := range rows {
		for i := range header {
			width[i] = max(width[i], utf8.RuneCountInString(cell(r, i)))
			numeric[i] = numeric[i] && isNumber(cell(r, i))
		}
	}
	for _, r := range append([][]string{header}, rows...) {
		var b strings.Builder
		for i := range header {
			c := cell(r, i)
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if numeric[i] {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}

func cell(row []string, i int) string {
	if i >= len(row) {
		return ""
	}
	return Plain(row[i])
}

func isNumber(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
