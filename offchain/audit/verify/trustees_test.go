package verify_test

import (
	"crypto/rand"
	"slices"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

type trustee struct {
	key     sign.PrivateKey
	seed    *threshold.Seed
	seal    *sealbox.PrivateKey
	index   int // in the ceremony, from 1
	dealing *threshold.Dealing
	deal    *threshold.Deal
	share   *threshold.KeyShare
}

func (w *world) ceremonyState() *ceremonyv1.State {
	v := w.engine.app.View()
	defer v.Close()
	st, _ := v.Keepers().Ceremony.State(v.Reader(), w.id, 0)
	return st
}

func (w *world) wantWindow(window ceremonyv1.Window) {
	w.t.Helper()
	if st := w.ceremonyState(); st.Window != window {
		w.t.Fatalf("ceremony is in %s (%s), want %s", st.Window, st.Failure, window)
	}
}

// each makes one block with a step of every trustee.
func (w *world) each(kind txv1.Kind, step func(tr *trustee) ledger.Wire) {
	w.t.Helper()
	var raws [][]byte
	for _, tr := range w.trustees {
		raws = append(raws, w.sign(kind, step(tr), tr.key))
	}
	w.must(raws...)
}

// makeKey runs the ceremony. One trustee complains about another's deal, and
// again about the answer, so that shares are published: every window is used.
func (w *world) makeKey() {
	w.t.Helper()
	w.untilPhase(electionv1.Phase_PHASE_CEREMONY)
	where := ceremony.Where{Election: w.id, Attempt: w.ceremonyState().Attempt}
	w.each(txv1.Kind_KIND_REGISTER_TRUSTEE, func(tr *trustee) ledger.Wire {
		var err error
		tr.seed, err = threshold.NewSeed(rand.Reader)
		w.ok(err)
		tr.seal, err = tr.seed.SealingKey(w.chainID, w.id, 0, where.Attempt)
		w.ok(err)
		if tr == w.trustees[1] {
			tr.seal = w.trustees[0].seal // a key that another names too
		}
		return &ceremonyv1.RegisterTrustee{Where: where.Message(), HpkeKey: tr.seal.Public().Encode()}
	})
	st := w.ceremonyState()
	for _, tr := range w.trustees {
		public := tr.key.Public()
		tr.index = int(ceremony.Index(st.Participants, public[:]))
	}
	slices.SortFunc(w.trustees, func(a, b *trustee) int { return a.index - b.index })
	params := ceremony.Params(w.chainID, w.def, where, st.Participants)
	w.testKeys(where, params)
	w.deal(where, params)
	w.complain(where, params)
	w.confirm(where, params)
	w.wantWindow(ceremonyv1.Window_WINDOW_DONE)
}

func (w *world) testKeys(where ceremony.Where, params threshold.Params) {
	w.t.Helper()
	nonce := [threshold.NonceSize]byte{1, 2, 3}
	w.each(txv1.Kind_KIND_TEST_KEYS, func(tr *trustee) ledger.Wire {
		m := &ceremonyv1.TestKeys{Where: where.Message()}
		for _, to := range w.trustees {
			if to == tr {
				continue
			}
			box, err := threshold.SealNonce(params, tr.index, to.index, to.seal.Public(), nonce)
			w.ok(err)
			hash := threshold.NonceHash(nonce)
			m.Tests = append(m.Tests, &ceremonyv1.KeyTest{Receiver: uint32(to.index), Sealed: box, NonceHash: hash[:]})
		}
		return m
	})
	w.each(txv1.Kind_KIND_OPEN_TEST, func(tr *trustee) ledger.Wire {
		return &ceremonyv1.OpenTest{Where: where.Message(), Sender: uint32(tr.index%len(w.trustees) + 1), Nonce: nonce[:]}
	})
}

func (w *world) deal(where ceremony.Where, params threshold.Params) {
	w.t.Helper()
	w.wantWindow(ceremonyv1.Window_WINDOW_COMMIT)
	var receivers []*sealbox.PublicKey
	for _, tr := range w.trustees {
		receivers = append(receivers, tr.seal.Public())
	}
	w.each(txv1.Kind_KIND_COMMIT_DEAL, func(tr *trustee) ledger.Wire {
		var err error
		tr.dealing, err = threshold.NewDealing(params, tr.index, tr.seed)
		w.ok(err)
		tr.deal, err = tr.dealing.Deal(receivers)
		w.ok(err)
		hash := threshold.CommitHash(params, tr.index, tr.deal)
		return &ceremonyv1.CommitDeal{Where: where.Message(), DealHash: hash[:], TrusteeListHash: params.TrusteeListHash[:]}
	})
	w.each(txv1.Kind_KIND_DEAL, func(tr *trustee) ledger.Wire {
		return &ceremonyv1.Deal{Where: where.Message(), Commitments: tr.deal.Commitments, Proofs: tr.deal.Proofs, Sealed: tr.deal.Sealed, TrusteeListHash: params.TrusteeListHash[:]}
	})
}

// complain lets the last trustee complain about the first, twice.
func (w *world) complain(where ceremony.Where, params threshold.Params) {
	w.t.Helper()
	w.wantWindow(ceremonyv1.Window_WINDOW_COMPLAIN)
	dealer, receiver := w.trustees[0], w.trustees[2]
	fresh, err := receiver.seed.FreshSealingKey(params, dealer.index)
	w.ok(err)
	w.each(txv1.Kind_KIND_CHECK_DEALS, func(tr *trustee) ledger.Wire {
		m := &ceremonyv1.CheckDeals{Where: where.Message()}
		if tr == receiver {
			m.Complaints = []*ceremonyv1.Complaint{{Dealer: uint32(dealer.index), FreshKey: fresh.Public().Encode()}}
		}
		return m
	})
	box, err := dealer.dealing.Reseal(receiver.index, fresh.Public())
	w.ok(err)
	w.must(w.sign(txv1.Kind_KIND_RESEAL, &ceremonyv1.Reseal{Where: where.Message(), Answers: []*ceremonyv1.Resealed{{Receiver: uint32(receiver.index), Sealed: box}}}, dealer.key))
	w.must(w.sign(txv1.Kind_KIND_CHECK_RESEALED, &ceremonyv1.CheckResealed{Where: where.Message(), Dealers: []uint32{uint32(dealer.index)}}, receiver.key))
	shares, err := dealer.dealing.Publish(receiver.index)
	w.ok(err)
	w.must(w.sign(txv1.Kind_KIND_PUBLISH_SHARES, &ceremonyv1.PublishShares{Where: where.Message(), Answers: []*ceremonyv1.Published{{Receiver: uint32(receiver.index), Shares: shares}}}, dealer.key))
}

func (w *world) confirm(where ceremony.Where, params threshold.Params) {
	w.t.Helper()
	w.wantWindow(ceremonyv1.Window_WINDOW_CONFIRM)
	var dealt []threshold.Dealt
	for _, tr := range w.trustees {
		c, err := threshold.DecodeCommitments(params, tr.deal.Commitments)
		w.ok(err)
		dealt = append(dealt, threshold.Dealt{Dealer: tr.index, Commitments: c})
	}
	joint, err := threshold.Combine(params, dealt)
	w.ok(err)
	for _, tr := range w.trustees {
		var shares []*threshold.Shares
		for _, from := range w.trustees {
			s, err := threshold.OpenShares(params, from.index, tr.index, from.deal, tr.seal)
			w.ok(err)
			shares = append(shares, s)
		}
		tr.share, err = threshold.NewKeyShare(params, tr.index, shares, joint)
		w.ok(err)
	}
	hash := w.ceremonyState().TranscriptHash
	w.each(txv1.Kind_KIND_CONFIRM_KEY, func(*trustee) ledger.Wire {
		return &ceremonyv1.ConfirmKey{Where: where.Message(), TranscriptHash: hash}
	})
	v := w.engine.app.View()
	key, _ := v.Keepers().Ceremony.Candidate(v.Reader(), w.id, 0)
	v.Close()
	slots := make([]int, len(joint.Slots))
	for i := range slots {
		slots[i] = i + 1
	}
	r, _ := threshold.Drill(w.chainID, w.id, 0, joint.Slots)
	w.each(txv1.Kind_KIND_DRILL, func(tr *trustee) ledger.Wire {
		partial, err := tr.share.Decrypt(r, slots)
		w.ok(err)
		st, err := ceremony.DrillStatement(w.chainID, where, key, uint32(tr.index), partial.Points)
		w.ok(err)
		proof := w.prove(tr, st, slots).Encode()
		m := &ceremonyv1.DrillShare{Where: where.Message(), Proof: proof[:]}
		for i := range partial.Points {
			e := partial.Points[i].Encode()
			m.Points = append(m.Points, e[:]...)
		}
		return m
	})
}

func (w *world) prove(tr *trustee, st dleq.Statement, slots []int) dleq.Proof {
	w.t.Helper()
	secrets, err := tr.share.Secrets(slots)
	w.ok(err)
	proof, err := dleq.Prove(rand.Reader, st, secrets)
	w.ok(err)
	return proof
}

// count brings the closed zone to its final phase.
func (w *world) count() {
	w.t.Helper()
	w.untilPhase(electionv1.Phase_PHASE_COUNTING)
	v := w.engine.app.View()
	units, _ := v.Keepers().Tally.Units(v.Reader(), w.id, 0)
	key, _ := v.Keepers().Ceremony.Key(v.Reader(), w.id, 0)
	v.Close()
	partials := make([][]*tally.Partial, len(units.Units))
	var raws [][]byte
	result := &tallyv1.Result{ElectionId: w.id[:]}
	for i, tr := range w.trustees { // in index order: the first ones count
		m := &tallyv1.DecryptionShare{ElectionId: w.id[:]}
		for u, unit := range units.Units {
			p := w.decrypt(tr, unit, key)
			if i < int(w.def.Threshold) {
				partials[u] = append(partials[u], p)
			}
			m.Partials = append(m.Partials, p.Encode())
		}
		if i < int(w.def.Threshold) {
			result.Trustees = append(result.Trustees, uint32(tr.index))
		}
		raws = append(raws, w.sign(txv1.Kind_KIND_DECRYPTION_SHARE, m, tr.key))
	}
	w.must(raws...)
	for u, unit := range units.Units {
		opened, err := tally.Open(unit, result.Trustees, partials[u])
		w.ok(err)
		logs, err := elgamal.NewLogarithm(4 * unit.Ballots)
		w.ok(err)
		counts := &tallyv1.UnitCounts{}
		for i := range opened {
			n, err := logs.Find(opened[i])
			w.ok(err)
			counts.Counts = append(counts.Counts, n)
		}
		result.Units = append(result.Units, counts)
	}
	w.must(w.unsigned(txv1.Kind_KIND_RESULT, result))
	v = w.engine.app.View()
	protocol, ok := v.Keepers().Tally.ProtocolOf(v.Reader(), w.id, 0)
	v.Close()
	if !ok {
		w.t.Fatal("there is no protocol")
	}
	hash := tally.ProtocolHash(protocol)
	w.act(commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: w.id[:], ProtocolHash: hash[:]})
}

func (w *world) decrypt(tr *trustee, unit *tallyv1.Unit, key *ceremonyv1.ElectionKey) *tally.Partial {
	w.t.Helper()
	r, err := group.DecodePoint(unit.R)
	w.ok(err)
	slots := election.ContestSlots(w.def, unit.Contest)
	points, err := tr.share.Decrypt(r, slots)
	w.ok(err)
	st, err := tally.ShareStatement(w.chainID, w.id, w.def, 0, key, unit, uint32(tr.index), points.Points)
	w.ok(err)
	return &tally.Partial{Points: points.Points, Proof: w.prove(tr, st, slots)}
}

// freshHPKE is an HPKE key of nobody.
func (w *world) freshHPKE() []byte {
	w.t.Helper()
	seed, err := threshold.NewSeed(rand.Reader)
	w.ok(err)
	key, err := seed.SealingKey(w.chainID, w.id, 0, 1)
	w.ok(err)
	return key.Public().Encode()
}
