package ledger

import (
	"fmt"
	"sync"
)

// RetryFrom is the first number of codes for refusals that depend on state: a
// transaction refused with such a code may be right in a later block, and the
// engine may offer it again.
const RetryFrom = 32000

// Code is a registered reason for refusing a transaction. Module is the ABCI
// codespace, Number the ABCI code.
type Code struct {
	Module string
	Number uint32
	// Name in kebab case, for clients: "token-spent".
	Name string
}

var (
	codesMu sync.Mutex
	codes   = map[string]Code{}
)

// NewCode registers a refusal code; it panics on a duplicate number or name
// within the module. Numbers from RetryFrom depend on state.
func NewCode(module string, number uint32, name string) Code {
	codesMu.Lock()
	defer codesMu.Unlock()
	c := Code{Module: module, Number: number, Name: name}
	for _, key := range []string{fmt.Sprintf("%s/%d", module, number), module + "/" + name} {
		if _, taken := codes[key]; taken || number == 0 {
			panic("ledger: code registered twice or zero: " + key)
		}
		codes[key] = c
	}
	return c
}

// Retry reports whether the refusal depends on state.
func (c Code) Retry() bool { return c.Number >= RetryFrom }

// Refuse makes the refusal of a transaction: the field at fault (a path such
// as "token.panel") and the reason in words. Words go to the client and the
// log, never into hashed data.
func (c Code) Refuse(field, format string, args ...any) error {
	return &Refusal{Code: c, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Refusal says why a transaction is not accepted.
type Refusal struct {
	Code   Code
	Field  string
	Reason string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s/%s: %s: %s", r.Code.Module, r.Code.Name, r.Field, r.Reason)
}
