// Package keeper runs the key ceremonies of all zones: it takes each trustee's
// steps in their windows, ends windows, and stores the key that comes out. See
// docs/spec/ceremony.md.
//
// Transactions of a block change no window: windows end, attempts begin and keys
// appear before the first or after the last of them, so that order within a
// block means nothing.
//
// It must never know a secret of a trustee.
package keeper

import (
	"fmt"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

// Elections answers questions about elections and moves zones on.
type Elections interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
	// EachIn visits the zones that are in a phase, in a fixed order.
	EachIn(r ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32))
	SetPhase(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32, phase electionv1.Phase)
}

// Keeper of ceremonies.
type Keeper struct {
	elections Elections
}

// New makes the keeper.
func New(elections Elections) *Keeper {
	return &Keeper{elections: elections}
}

// Module is what the application wires; its BeginBlock must run after that of
// elections.
func (k *Keeper) Module() ledger.Module {
	m := ledger.Module{
		Name: ceremony.Codespace,
		Acts: []ledger.Act{{
			Number: uint32(commissionv1.Action_ACTION_RESTART_CEREMONY), Name: "restart-ceremony",
			Decode: ceremony.DecodeRestart, Validate: ceremony.ValidateRestart,
			Precheck: k.PrecheckRestart, Execute: k.ExecuteRestart,
		}},
		BeginBlock: k.BeginBlock,
		EndBlock:   k.EndBlock,
		Summary:    k.Summary,
	}
	for _, kind := range ceremony.Kinds {
		m.Handlers = append(m.Handlers, ledger.Handler{
			Kind: uint32(kind.Number), Name: kind.Name, Signed: true, SignedFirst: true, MaxBytes: kind.MaxBytes,
			Decode: kind.Decode, Validate: ceremony.Validate, Precheck: k.PrecheckStep, Execute: k.ExecuteStep,
		})
	}
	m.Handlers = append(m.Handlers, ledger.Handler{
		Kind: uint32(txv1.Kind_KIND_EVIDENCE), Name: "evidence", MaxBytes: ceremony.MaxEvidenceBytes,
		Decode: ceremony.DecodeEvidence, Validate: ceremony.ValidateEvidence, Precheck: k.PrecheckEvidence, Execute: k.ExecuteEvidence,
	})
	return m
}

// Summary lists state and key of each zone's ceremony.
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil
	}
	var out []ledger.Object
	for zone := range uint32(len(def.Zones)) {
		if b := r.Get(ceremony.StateKey(id, zone)); b != nil {
			out = append(out, ledger.Object{Name: fmt.Sprintf("ceremony/%d", zone), Bytes: b})
		}
		if b := r.Get(ceremony.KeyKey(id, zone)); b != nil {
			out = append(out, ledger.Object{Name: fmt.Sprintf("key/%d", zone), Bytes: b})
		}
	}
	return out
}
