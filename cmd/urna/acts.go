package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/urna-vote/urna/offchain/commission"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
)

func (a *act) cancel() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	return commissionv1.Action_ACTION_CANCEL_ELECTION, &electionv1.CancelElection{ElectionId: id, Reason: a.reason}, err
}

func (a *act) extend() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	if err != nil {
		return 0, nil, err
	}
	closes, err := moment("--closes", a.closes)
	return commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{ElectionId: id, Zone: a.zone, ClosesMs: closes, Reason: a.reason}, err
}

func (a *act) resolve() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	if err != nil {
		return 0, nil, err
	}
	to, err := moment("--move-to", a.moveTo)
	return commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{ElectionId: id, Zone: a.zone, MoveToMs: to, Reason: a.reason}, err
}

func (a *act) remove() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	if err != nil {
		return 0, nil, err
	}
	message := &rollv1.RemoveEntries{ElectionId: id, Reason: a.reason}
	for _, text := range a.entries {
		entry, err := commission.Hex32("--entries", text)
		if err != nil {
			return 0, nil, err
		}
		message.Entries = append(message.Entries, entry[:])
	}
	// The ledger wants them ascending, each once.
	slices.SortFunc(message.Entries, bytes.Compare)
	message.Entries = slices.CompactFunc(message.Entries, bytes.Equal)
	return commissionv1.Action_ACTION_REMOVE_ENTRIES, message, nil
}

func (a *act) openPanel() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	message := &issuancev1.OpenPanel{ElectionId: id, Panel: a.panel, Reason: a.reason}
	for _, c := range a.classes {
		if c > math.MaxUint32 {
			return 0, nil, fmt.Errorf("--classes %d: there is no such token class", c)
		}
		message.TokenClasses = append(message.TokenClasses, uint32(c))
	}
	return commissionv1.Action_ACTION_OPEN_PANEL, message, err
}

func (a *act) restart() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	return commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: id, Zone: a.zone, Reason: a.reason}, err
}

func (a *act) consent() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	return commissionv1.Action_ACTION_CONSENT_SMALL_COUNT, &tallyv1.ConsentSmallCount{ElectionId: id, Zone: a.zone, Reason: a.reason}, err
}

func (a *act) approveProtocol() (commissionv1.Action, ledger.Wire, error) {
	id, err := a.id()
	if err != nil {
		return 0, nil, err
	}
	hash, err := commission.Hex32("--protocol", a.protocol)
	return commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: id, Zone: a.zone, ProtocolHash: hash[:]}, err
}
