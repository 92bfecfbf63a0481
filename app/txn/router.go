package txn

import (
	"errors"
	"fmt"

	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Router knows the handlers of all kinds. Many goroutines may use it.
type Router struct {
	chainID  string
	handlers map[uint32]*ledger.Handler
	opened   *recent[*Opened]
}

// openedBytes of raw transactions are remembered opened, besides those in the
// pool: several full blocks. Decoded they take a few times as much.
const openedBytes = 32 << 20

// NewRouter collects the handlers of the modules; no kind may have two.
func NewRouter(chainID string, modules []ledger.Module) (*Router, error) {
	r := &Router{chainID: chainID, handlers: make(map[uint32]*ledger.Handler), opened: newRecent[*Opened](openedBytes)}
	for _, m := range modules {
		for i := range m.Handlers {
			h := &m.Handlers[i]
			if was, taken := r.handlers[h.Kind]; taken {
				return nil, fmt.Errorf("route kind %d: both %s and %s of module %s", h.Kind, was.Name, h.Name, m.Name)
			}
			if h.Kind == 0 || h.MaxBytes <= 0 || h.MaxBytes > envelope.MaxBytes || h.Decode == nil || h.Execute == nil {
				return nil, fmt.Errorf("route kind %d: handler %s of module %s is not complete", h.Kind, h.Name, m.Name)
			}
			r.handlers[h.Kind] = h
		}
	}
	return r, nil
}

// Opened is a transaction whose form is right. It is shared: nobody may change it.
type Opened struct {
	Tx      *ledger.Tx
	Handler *ledger.Handler
	// Signature of the signer, nil for an unsigned kind.
	Signature *envelope.SignatureFact
	// Accepted and Signed remember what cryptography accepted of it: all that was
	// demanded, and the signature alone.
	Accepted, Signed Memo
}

// Open checks the form of a transaction, the cheapest things first. What it
// refuses, no state can make right. The error is a *ledger.Refusal. The caller
// gives the bytes away: nobody may change them any more.
func (r *Router) Open(raw []byte) (*Opened, error) {
	if len(raw) > envelope.MaxBytes {
		return r.open(raw, [32]byte{}) // refuses it without hashing
	}
	return r.OpenHashed(raw, envelope.Hash(raw))
}

// OpenHashed is Open of a transaction whose hash is known.
func (r *Router) OpenHashed(raw []byte, hash [32]byte) (*Opened, error) {
	if o, known := r.opened.get(hash, len(raw)); known {
		return o, nil
	}
	o, err := r.open(raw, hash)
	if err == nil {
		r.opened.put(hash, o, len(raw))
	}
	return o, err
}

func (r *Router) open(raw []byte, hash [32]byte) (*Opened, error) {
	tx, err := envelope.Decode(raw, r.chainID)
	if err != nil {
		return nil, err
	}
	h, ok := r.handlers[tx.Kind]
	if !ok {
		return nil, envelope.CodeUnknownKind.Refuse("kind", "there is no kind %d", tx.Kind)
	}
	if len(tx.Body) > h.MaxBytes {
		return nil, envelope.CodeTooLarge.Refuse("body", "%d bytes are more than the %d of %s", len(tx.Body), h.MaxBytes, h.Name)
	}
	if h.Signed && len(tx.Signer) == 0 {
		return nil, envelope.CodeNoSigner.Refuse("signer", "%s must be signed", h.Name)
	}
	if !h.Signed && len(tx.Signer) != 0 {
		return nil, envelope.CodeSigner.Refuse("signer", "%s is not signed: leave signer and signature out", h.Name)
	}
	message, err := h.Decode(tx.Body)
	if err != nil {
		var refusal *ledger.Refusal
		if errors.As(err, &refusal) {
			return nil, refusal
		}
		return nil, envelope.CodeMalformed.Refuse("body", "%s: %v", h.Name, err)
	}
	o := &Opened{Handler: h, Tx: &ledger.Tx{Kind: tx.Kind, Signer: tx.Signer, Hash: hash, Raw: raw, Message: message}}
	if h.Signed {
		o.Signature = envelope.NewSignatureFact(tx)
	}
	return o, nil
}

// Checks are those a module demands and that of the signer's signature.
func (o *Opened) Checks(d ledger.Demands) []ledger.Check {
	if o.Signature == nil {
		return d.Checks
	}
	signature := ledger.Check{Fact: o.Signature, Code: envelope.CodeSignature, Field: "signature"}
	return append([]ledger.Check{signature}, d.Checks...)
}
