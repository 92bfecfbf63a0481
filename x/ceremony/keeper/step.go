package keeper

import (
	"bytes"
	"fmt"
	"slices"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// scene is a step at hand: whose it is and in what state of the ceremony.
type scene struct {
	*held
	chainID string
	r       ledger.Reader
	tx      *ledger.Tx
	// me is the signer's index, 0 before registration closes.
	me   uint32
	self *ceremonyv1.Participant
}

// PrecheckStep checks a trustee's step against the state before the block.
func (k *Keeper) PrecheckStep(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	s, err := k.scene(ctx, r, tx)
	if err != nil {
		return ledger.Demands{}, err
	}
	demands, err := s.precheck(tx.Message.(*ceremony.Step).Message)
	if err != nil {
		return ledger.Demands{}, err
	}
	demands.Claims = append(demands.Claims, fmt.Sprintf("ceremony:%s/%d/%x", s.where(), tx.Kind, tx.Signer))
	return demands, nil
}

// ExecuteStep records a step and keeps its transaction.
func (k *Keeper) ExecuteStep(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	s, err := k.scene(ctx, w, tx)
	if err != nil {
		return err
	}
	m := tx.Message.(*ceremony.Step).Message
	if _, err := s.precheck(m); err != nil {
		return err
	}
	s.execute(w, m)
	s.keep(w)
	return nil
}

// precheck is the state's part of each step.
func (s *scene) precheck(m ceremony.Message) (ledger.Demands, error) {
	switch m := m.(type) {
	case *ceremonyv1.RegisterTrustee:
		return s.precheckRegister(m)
	case *ceremonyv1.TestKeys:
		return s.precheckTestKeys(m)
	case *ceremonyv1.OpenTest:
		return s.precheckOpenTest(m)
	case *ceremonyv1.CommitDeal:
		return s.precheckCommit(m)
	case *ceremonyv1.Deal:
		return s.precheckDeal(m)
	case *ceremonyv1.CheckDeals:
		return s.precheckCheckDeals(m)
	case *ceremonyv1.Reseal:
		return s.precheckReseal(m)
	case *ceremonyv1.CheckResealed:
		return s.precheckCheckResealed(m)
	case *ceremonyv1.PublishShares:
		return s.precheckPublish(m)
	case *ceremonyv1.ConfirmKey:
		return s.precheckConfirm(m)
	case *ceremonyv1.DrillShare:
		return s.precheckDrill(m)
	default:
		panic(fmt.Sprintf("ceremony: no step %T", m))
	}
}

// execute writes what a step changes in the state of the ceremony.
func (s *scene) execute(w ledger.Writer, m ceremony.Message) {
	switch m := m.(type) {
	case *ceremonyv1.RegisterTrustee:
		s.register(w, m)
	case *ceremonyv1.TestKeys:
		s.testKeys(w, m)
	case *ceremonyv1.OpenTest:
		s.self.Tested = true
	case *ceremonyv1.CommitDeal:
		s.self.DealHash = m.DealHash
	case *ceremonyv1.Deal:
		s.self.Dealt = true
		w.Set(ceremony.DealKey(s.where(), s.me), m.Commitments)
	case *ceremonyv1.CheckDeals:
		s.checkDeals(w, m)
	case *ceremonyv1.Reseal:
		s.answer(func(c *ceremonyv1.ComplaintState) { c.Resealed = true })
	case *ceremonyv1.CheckResealed:
		s.checkResealed(m)
	case *ceremonyv1.PublishShares:
		s.answer(func(c *ceremonyv1.ComplaintState) { c.Published = c.Again })
	case *ceremonyv1.ConfirmKey:
		s.self.Confirmed = true
	case *ceremonyv1.DrillShare:
		s.self.Drilled = true
	}
}

// keep stores the state and the transaction.
func (s *scene) keep(w ledger.Writer) {
	w.Set(ceremony.TxKey(s.where(), s.st.Transactions), append(ledger.U32(s.tx.Kind), s.tx.Raw...))
	s.st.Transactions++
	s.store(w)
}

// scene finds the ceremony of a step and who takes it.
func (k *Keeper) scene(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (*scene, error) {
	c, err := k.running(r, tx.Message.(*ceremony.Step).Where, txv1.Kind(tx.Kind))
	if err != nil {
		return nil, err
	}
	s := &scene{held: c, chainID: ctx.ChainID, r: r, tx: tx}
	if c.st.Window == ceremonyv1.Window_WINDOW_REGISTER {
		return s, nil
	}
	if s.me = ceremony.Index(c.st.Participants, tx.Signer); s.me == 0 {
		return nil, ceremony.CodeTrustee.Refuse("signer", "did not register for this attempt")
	}
	s.self = c.st.Participants[s.me-1]
	if s.self.Out != "" {
		return nil, ceremony.CodeOut.Refuse("signer", "trustee %d is out: %s", s.me, s.self.Out)
	}
	if tx.Message.(*ceremony.Step).OtherList(c.st.TrusteeListHash) {
		return nil, ceremony.CodeList.Refuse("trustee_list_hash", "made for another list of trustees than this attempt's, %x", c.st.TrusteeListHash)
	}
	return s, nil
}

// running finds a ceremony in whose window a kind of message counts.
func (k *Keeper) running(r ledger.Reader, where ceremony.Where, kind txv1.Kind) (*held, error) {
	if _, ok := k.elections.Definition(r, where.Election); !ok {
		return nil, ceremony.CodeElection.Refuse("where.election_id", "no election %x on this chain", where.Election)
	}
	z, ok := k.elections.Zone(r, where.Election, where.Zone)
	if !ok {
		return nil, ceremony.CodeElection.Refuse("where.zone", "the election has no zone %d", where.Zone)
	}
	if z.Phase != electionv1.Phase_PHASE_CEREMONY {
		return nil, ceremony.CodePhase.Refuse("where.zone", "zone %d is in phase %s", where.Zone, election.PhaseName(z.Phase))
	}
	c := k.load(r, where.Election, where.Zone)
	if c.st == nil {
		return nil, ceremony.CodePhase.Refuse("where.zone", "the ceremony of zone %d has not begun", where.Zone)
	}
	if c.st.Attempt != where.Attempt {
		return nil, ceremony.CodeAttempt.Refuse("where.attempt", "%d, the current attempt is %d", where.Attempt, c.st.Attempt)
	}
	if c.st.Suspended {
		return nil, ceremony.CodeSuspended.Refuse("where.attempt", "suspended after a gap of block time until the commission begins another attempt")
	}
	if !ceremony.Allows(c.st.Window, kind) {
		return nil, ceremony.CodeWindow.Refuse("where", "the ceremony is in %s, in which this does not count", c.st.Window)
	}
	return c, nil
}

// participant finds another trustee who is not out.
func (s *scene) participant(field string, index uint32) (*ceremonyv1.Participant, error) {
	if index == s.me {
		return nil, ceremony.CodeIndex.Refuse(field, "%d is the signer itself", index)
	}
	if index < 1 || uint64(index) > uint64(len(s.st.Participants)) {
		return nil, ceremony.CodeDealer.Refuse(field, "no trustee %d in this attempt", index)
	}
	p := s.st.Participants[index-1]
	if p.Out != "" {
		return nil, ceremony.CodeOut.Refuse(field, "trustee %d is out: %s", index, p.Out)
	}
	return p, nil
}

// done refuses a step that its trustee has taken or need not take.
func (s *scene) done(is bool) error {
	if is {
		return ceremony.CodeDone.Refuse("signer", "trustee %d has done this, or has nothing to do here", s.me)
	}
	return nil
}

// exactly refuses a list of trustees other than the one awaited.
func exactly(field string, got, want []uint32) error {
	if !slices.Equal(got, want) {
		return ceremony.CodeReceivers.Refuse(field, "%v, awaited are %v", got, want)
	}
	return nil
}

// sealingClaim claims an HPKE key that must be new to the signer.
func (s *scene) sealingClaim(field string, key []byte) (string, error) {
	at := ceremony.SealingKey(key, s.tx.Signer)
	if s.r.Get(at) != nil {
		return "", ceremony.CodeUsedKey.Refuse(field, "the signer used this HPKE key on this chain before")
	}
	return fmt.Sprintf("hpke:%x", at[1:]), nil
}

// trusteeOf finds a trustee of the definition by its key.
func (s *scene) trusteeOf(key []byte) (uint32, bool) {
	for i, t := range s.def.Trustees {
		if bytes.Equal(t.Key, key) {
			return uint32(i), true
		}
	}
	return 0, false
}
