package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Exit codes of every program.
const (
	ExitOK         = 0 // done
	ExitFailure    = 1 // it could not be done: file, network, key
	ExitUsage      = 2 // the command line is wrong
	ExitDifference = 3 // a verification found a difference
	ExitRefused    = 4 // the network refused
)

// ExitError carries the code with which the program ends.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// Usage marks a mistake in the command line.
func Usage(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// Difference marks what a verification found.
func Difference(err error) error { return &ExitError{Code: ExitDifference, Err: err} }

// Refused marks a refusal by the network.
func Refused(err error) error { return &ExitError{Code: ExitRefused, Err: err} }

// ExitCode is the code for an error: its own, else ExitFailure.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	var e *ExitError
	if errors.As(err, &e) {
		return e.Code
	}
	return ExitFailure
}

// PrintError tells an error to a person, or to a script as JSON.
func PrintError(w io.Writer, err error, asJSON bool) {
	if err == nil {
		return
	}
	// A stranger may have written part of it; JSON has its own escapes.
	text := err.Error()
	if !asJSON {
		text = plain(text, "\n\t")
	}
	if errors.Is(err, context.Canceled) {
		text = "stopped: " + text
	}
	if asJSON {
		_ = WriteJSON(w, map[string]any{"error": text, "exit": ExitCode(err)})
		return
	}
	_, _ = fmt.Fprintln(w, "error: "+text)
}

// WriteJSON writes a value as indented JSON and a line end.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
