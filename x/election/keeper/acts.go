package keeper

import (
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

func (k *Keeper) createElection() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_CREATE_ELECTION),
		Name:   "create-election",
		Decode: func(body []byte) (any, error) { return election.DecodeCreateElection(body) },
		Validate: func(_ ledger.Context, act any) error {
			return election.ValidateCreateElection(act.(*electionv1.CreateElection))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckCreateElection(ctx, r, act.(*electionv1.CreateElection))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteCreateElection(ctx, w, act.(*electionv1.CreateElection))
		},
	}
}

func (k *Keeper) cancelElection() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_CANCEL_ELECTION),
		Name:   "cancel-election",
		Decode: func(body []byte) (any, error) { return election.DecodeCancelElection(body) },
		Validate: func(_ ledger.Context, act any) error {
			return election.ValidateCancelElection(act.(*electionv1.CancelElection))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckCancelElection(ctx, r, act.(*electionv1.CancelElection))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteCancelElection(ctx, w, act.(*electionv1.CancelElection))
		},
	}
}

func (k *Keeper) extendClose() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_EXTEND_CLOSE),
		Name:   "extend-close",
		Decode: func(body []byte) (any, error) { return election.DecodeExtendClose(body) },
		Validate: func(_ ledger.Context, act any) error {
			return election.ValidateExtendClose(act.(*electionv1.ExtendClose))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckExtendClose(ctx, r, act.(*electionv1.ExtendClose))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteExtendClose(ctx, w, act.(*electionv1.ExtendClose))
		},
	}
}

func (k *Keeper) resolveSuspension() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_RESOLVE_SUSPENSION),
		Name:   "resolve-suspension",
		Decode: func(body []byte) (any, error) { return election.DecodeResolveSuspension(body) },
		Validate: func(_ ledger.Context, act any) error {
			return election.ValidateResolveSuspension(act.(*electionv1.ResolveSuspension))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckResolveSuspension(ctx, r, act.(*electionv1.ResolveSuspension))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteResolveSuspension(ctx, w, act.(*electionv1.ResolveSuspension))
		},
	}
}

// zoneOf finds the zone that an act names, or refuses.
func (k *Keeper) zoneOf(r ledger.Reader, idBytes []byte, zone uint32) ([32]byte, *electionv1.Definition, electionv1.ZoneState, error) {
	id, err := election.ParseID(idBytes)
	if err != nil {
		return id, nil, electionv1.ZoneState{}, err
	}
	def, ok := k.Definition(r, id)
	if !ok {
		return id, nil, electionv1.ZoneState{}, election.CodeUnknown.Refuse("election_id", "no election %x on this chain", id)
	}
	z, ok := k.Zone(r, id, zone)
	if !ok {
		return id, nil, z, election.CodeUnknownZone.Refuse("zone", "%d is not an index of the %d zones", zone, len(def.Zones))
	}
	return id, def, z, nil
}
