package keeper

import (
	"encoding/binary"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// Elections answers what elections there are.
type Elections interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
}

// Members answers who sits in the commission.
type Members interface {
	IsMember(r ledger.Reader, key []byte) bool
}

// Tokens answers whether a token was issued for an entry.
type Tokens interface {
	HasToken(r ledger.Reader, id [32]byte, entry []byte) bool
}

// Keeper is the module's state.
type Keeper struct {
	elections Elections
	members   Members
	tokens    Tokens
}

// New makes the keeper.
func New(elections Elections, members Members, tokens Tokens) *Keeper {
	return &Keeper{elections: elections, members: members, tokens: tokens}
}

// Module is what the application runs.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name: roll.Module,
		Handlers: []ledger.Handler{{
			Kind: uint32(txv1.Kind_KIND_STAGE_ROLL), Name: "stage-roll", Signed: true, SignedFirst: true, MaxBytes: roll.MaxStageBytes,
			Decode: func(body []byte) (any, error) { return roll.DecodeStageRoll(body) },
			Validate: func(_ ledger.Context, tx *ledger.Tx) error {
				return roll.ValidateStageRoll(tx.Message.(*rollv1.StageRoll))
			},
			Precheck: k.PrecheckStageRoll,
			Execute:  k.ExecuteStageRoll,
		}},
		Acts:    []ledger.Act{k.approveRoll(), k.removeEntries()},
		Summary: k.Summary,
	}
}

func (k *Keeper) approveRoll() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_APPROVE_ROLL),
		Name:   "approve-roll",
		Decode: func(body []byte) (any, error) { return roll.DecodeApproveRoll(body) },
		Validate: func(_ ledger.Context, act any) error {
			return roll.ValidateApproveRoll(act.(*rollv1.ApproveRoll))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckApproveRoll(ctx, r, act.(*rollv1.ApproveRoll))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteApproveRoll(ctx, w, act.(*rollv1.ApproveRoll))
		},
	}
}

func (k *Keeper) removeEntries() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_REMOVE_ENTRIES),
		Name:   "remove-entries",
		Decode: func(body []byte) (any, error) { return roll.DecodeRemoveEntries(body) },
		Validate: func(_ ledger.Context, act any) error {
			return roll.ValidateRemoveEntries(act.(*rollv1.RemoveEntries))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckRemoveEntries(ctx, r, act.(*rollv1.RemoveEntries))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteRemoveEntries(ctx, w, act.(*rollv1.RemoveEntries))
		},
	}
}

func positionKey(id [32]byte, author, entry []byte) []byte {
	return roll.KeyPosition.Key(id[:], author, entry)
}

func stagedKey(id [32]byte, author []byte, style uint32) []byte {
	return roll.KeyStaged.Key(id[:], author, ledger.U32(style))
}

func rollKey(id [32]byte) []byte   { return roll.KeyRoll.Key(id[:]) }
func authorKey(id [32]byte) []byte { return roll.KeyAuthor.Key(id[:]) }

func sizeKey(id [32]byte, style uint32) []byte { return roll.KeySize.Key(id[:], ledger.U32(style)) }

func removedKey(id [32]byte, style uint32) []byte {
	return roll.KeyRemoved.Key(id[:], ledger.U32(style))
}

func chunkKey(id [32]byte, style uint32, chunk uint64) []byte {
	return roll.KeyRemovedChunk.Key(id[:], ledger.U32(style), ledger.U64(chunk))
}

func getU64(b []byte) uint64 {
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
