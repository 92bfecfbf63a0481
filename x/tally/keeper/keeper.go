// Package keeper counts closed zones: it freezes the sums that will be
// decrypted, takes trustees' shares and the result, and draws up the protocol
// of results, which the commission approves. See docs/spec/tally.md.
//
// It must never know a secret share, nor decrypt anything itself.
package keeper

import (
	"fmt"
	"sync"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// Elections answers questions about elections and moves zones on.
type Elections interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
	// EachIn visits the zones that are in a phase, in a fixed order.
	EachIn(r ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32))
	SetPhase(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32, phase electionv1.Phase)
}

// Ballots answers for sums, counts and the counted list.
type Ballots interface {
	Sum(r ledger.Reader, id [32]byte, group, contest uint32) (*ballotv1.Sum, bool)
	Counts(r ledger.Reader, id [32]byte, class uint32) *ballotv1.ClassCounts
	Counted(r ledger.Reader, id [32]byte, zone uint32) (*ballotv1.Counted, bool)
}

// ElectionKeys answers for the key of a zone.
type ElectionKeys interface {
	Key(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.ElectionKey, bool)
}

// Roll answers for the sizes of the roll.
type Roll interface {
	Size(r ledger.Reader, id [32]byte, style uint32) uint64
	RemovedCount(r ledger.Reader, id [32]byte, style uint32) uint64
}

// Issuance answers for the number of tokens.
type Issuance interface {
	IssuedCount(r ledger.Reader, id [32]byte, class uint32) uint64
}

// Keeper of the counting.
type Keeper struct {
	elections Elections
	ballots   Ballots
	keys      ElectionKeys
	roll      Roll
	issuance  Issuance

	mu sync.Mutex
	// openings memoises what shares open sums to, by its hash; slots counts theirs.
	openings map[[32]byte]*tally.Opening
	slots    int
}

// maxSlots bounds the cache of openings; one that would exceed it is emptied.
const maxSlots = 1 << 19

// New makes the keeper.
func New(elections Elections, ballots Ballots, keys ElectionKeys, roll Roll, issuance Issuance) *Keeper {
	return &Keeper{elections: elections, ballots: ballots, keys: keys, roll: roll, issuance: issuance, openings: map[[32]byte]*tally.Opening{}}
}

// Module is what the application wires; its EndBlock must run after that of
// ballots.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name: tally.Codespace,
		Handlers: []ledger.Handler{
			{Kind: uint32(txv1.Kind_KIND_DECRYPTION_SHARE), Name: "decryption-share", Signed: true, SignedFirst: true, MaxBytes: tally.MaxBytes,
				Decode: tally.DecodeShare, Validate: tally.ValidateShare, Precheck: k.PrecheckShare, Execute: k.ExecuteShare},
			{Kind: uint32(txv1.Kind_KIND_RESULT), Name: "result", MaxBytes: tally.MaxBytes,
				Decode: tally.DecodeResult, Validate: tally.ValidateResult, Precheck: k.PrecheckResult, Execute: k.ExecuteResult},
		},
		Acts: []ledger.Act{
			{Number: uint32(commissionv1.Action_ACTION_APPROVE_PROTOCOL), Name: "approve-protocol",
				Decode: tally.DecodeApproveProtocol, Validate: tally.ValidateApproveProtocol,
				Precheck: k.PrecheckApproveProtocol, Execute: k.ExecuteApproveProtocol},
			{Number: uint32(commissionv1.Action_ACTION_CONSENT_SMALL_COUNT), Name: "consent-small-count",
				Decode: tally.DecodeConsentSmallCount, Validate: tally.ValidateConsentSmallCount,
				Precheck: k.PrecheckConsentSmallCount, Execute: k.ExecuteConsentSmallCount},
		},
		EndBlock: k.EndBlock,
		Summary:  k.Summary,
	}
}

// Summary lists units, trustees, result and protocol of each zone of an election.
func (k *Keeper) Summary(r ledger.Reader, id [32]byte) []ledger.Object {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil
	}
	var out []ledger.Object
	for zone := range uint32(len(def.Zones)) {
		for _, o := range []struct {
			name string
			key  []byte
		}{
			{"units", tally.UnitsKey(id, zone)},
			{"trustees", tally.TrusteesKey(id, zone)},
			{"result", tally.ResultKey(id, zone)},
			{"protocol", tally.ProtocolKey(id, zone)},
		} {
			if b := r.Get(o.key); b != nil {
				out = append(out, ledger.Object{Name: fmt.Sprintf("%s/%d", o.name, zone), Bytes: b})
			}
		}
	}
	return out
}

// zone finds a zone named by a message.
func (k *Keeper) zone(r ledger.Reader, id [32]byte, zone uint32) (*electionv1.Definition, electionv1.ZoneState, error) {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, electionv1.ZoneState{}, tally.CodeElection.Refuse("election_id", "no election %x on this chain", id)
	}
	z, ok := k.elections.Zone(r, id, zone)
	if !ok {
		return nil, electionv1.ZoneState{}, tally.CodeElection.Refuse("zone", "the election has no zone %d", zone)
	}
	return def, z, nil
}
