package app_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"slices"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/threshold"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// ok fails the test on an error.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ceremonyState() *ceremonyv1.State {
	v := w.n.app.View()
	defer v.Close()
	st, _ := w.k.Ceremony.State(v.Reader(), w.id, 0)
	return st
}

func (w *world) wantWindow(window ceremonyv1.Window) {
	w.t.Helper()
	if st := w.ceremonyState(); st.Window != window {
		w.t.Fatalf("ceremony is in %s (%s), want %s", st.Window, st.Failure, window)
	}
}

// each makes one block with a step of every trustee, in index order once there
// is one.
func (w *world) each(kind txv1.Kind, step func(tr *trustee) ledger.Wire) {
	w.t.Helper()
	var raws [][]byte
	for _, tr := range w.trustees {
		raws = append(raws, w.sign(kind, step(tr), tr.key))
	}
	w.must(raws...)
}

// makeKey runs the ceremony with everybody honest and present.
func (w *world) makeKey() {
	w.t.Helper()
	w.untilPhase(electionv1.Phase_PHASE_CEREMONY)
	w.until("ceremony", func(ledger.Reader) bool { return w.ceremonyState() != nil })
	where := ceremony.Where{Election: w.id, Attempt: w.ceremonyState().Attempt}
	w.each(txv1.Kind_KIND_REGISTER_TRUSTEE, func(tr *trustee) ledger.Wire {
		var err error
		tr.seed, err = threshold.NewSeed(rand.Reader)
		w.ok(err)
		tr.seal, err = tr.seed.SealingKey(chainID, w.id, 0, where.Attempt)
		w.ok(err)
		return &ceremonyv1.RegisterTrustee{Where: where.Message(), HpkeKey: tr.seal.Public().Encode()}
	})
	w.wantWindow(ceremonyv1.Window_WINDOW_TEST)
	st := w.ceremonyState()
	for _, tr := range w.trustees {
		pub := tr.key.Public()
		tr.index = int(ceremony.Index(st.Participants, pub[:]))
	}
	slices.SortFunc(w.trustees, func(a, b *trustee) int { return a.index - b.index })
	params := ceremony.Params(chainID, w.def, where, st.Participants)
	w.testKeys(where, params)
	w.dealKey(where, params)
	w.confirmKey(where, params)
	w.wantWindow(ceremonyv1.Window_WINDOW_DONE)
	if w.phase() != electionv1.Phase_PHASE_ROLL {
		w.t.Fatalf("after the ceremony the zone is in %s", w.phase())
	}
}

func (w *world) testKeys(where ceremony.Where, params threshold.Params) {
	w.t.Helper()
	nonces := map[[2]int][threshold.NonceSize]byte{}
	w.each(txv1.Kind_KIND_TEST_KEYS, func(tr *trustee) ledger.Wire {
		m := &ceremonyv1.TestKeys{Where: where.Message()}
		for _, to := range w.trustees {
			if to == tr {
				continue
			}
			nonce := [threshold.NonceSize]byte(random(w.t, threshold.NonceSize))
			nonces[[2]int{tr.index, to.index}] = nonce
			box, err := threshold.SealNonce(params, tr.index, to.index, to.seal.Public(), nonce)
			w.ok(err)
			hash := threshold.NonceHash(nonce)
			m.Tests = append(m.Tests, &ceremonyv1.KeyTest{Receiver: uint32(to.index), Sealed: box, NonceHash: hash[:]})
		}
		return m
	})
	w.each(txv1.Kind_KIND_OPEN_TEST, func(tr *trustee) ledger.Wire {
		sender := tr.index%len(w.trustees) + 1
		nonce := nonces[[2]int{sender, tr.index}]
		return &ceremonyv1.OpenTest{Where: where.Message(), Sender: uint32(sender), Nonce: nonce[:]}
	})
}

func (w *world) dealKey(where ceremony.Where, params threshold.Params) {
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
	w.each(txv1.Kind_KIND_CHECK_DEALS, func(*trustee) ledger.Wire { return &ceremonyv1.CheckDeals{Where: where.Message()} })
}

func (w *world) confirmKey(where ceremony.Where, params threshold.Params) {
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
	w.wantWindow(ceremonyv1.Window_WINDOW_DRILL)
	v := w.n.app.View()
	key, _ := w.k.Ceremony.Candidate(v.Reader(), w.id, 0)
	v.Close()
	w.each(txv1.Kind_KIND_DRILL, func(tr *trustee) ledger.Wire {
		r, _ := threshold.Drill(chainID, w.id, 0, joint.Slots)
		slots := make([]int, len(joint.Slots))
		for i := range slots {
			slots[i] = i + 1
		}
		partial, err := tr.share.Decrypt(r, slots)
		w.ok(err)
		st, err := ceremony.DrillStatement(chainID, where, key, uint32(tr.index), partial.Points)
		w.ok(err)
		secrets, err := tr.share.Secrets(slots)
		w.ok(err)
		proof, err := dleq.Prove(rand.Reader, st, secrets)
		w.ok(err)
		encoded := proof.Encode()
		m := &ceremonyv1.DrillShare{Where: where.Message(), Proof: encoded[:]}
		for i := range partial.Points {
			e := partial.Points[i].Encode()
			m.Points = append(m.Points, e[:]...)
		}
		return m
	})
}

// voter holds an entry of the roll.
type voter struct {
	style    uint32
	class    uint32
	entry    []byte
	secret   *blindtoken.Secret
	key      sign.PrivateKey
	requests []*blindtoken.Request
	token    *ballotv1.Token
	sequence uint32
	lastCast []byte
}

func (w *world) voter(style uint32, i int) *voter {
	w.t.Helper()
	v := &voter{style: style, class: w.def.Styles[style].TokenClass, entry: w.entries[style][i]}
	var err error
	v.secret, err = blindtoken.NewSecret(rand.Reader)
	w.ok(err)
	scope := issuance.Scope(chainID, w.id, v.class, 0)
	v.key = v.secret.BallotKey(scope)
	for _, k := range w.tokenKeys[v.class] {
		r, err := blindtoken.Blind(v.secret, scope, k.Public())
		w.ok(err)
		v.requests = append(v.requests, r)
	}
	return v
}

// issue is the transaction that binds a voter's entry.
func (w *world) issue(v *voter) []byte {
	w.t.Helper()
	claim := sha256.Sum256(v.entry)
	m := &issuancev1.IssueToken{ElectionId: w.id[:], Style: v.style, Entry: v.entry, ClaimKeyHash: claim[:]}
	for _, r := range v.requests {
		hash := r.Hash()
		m.BlindedHashes = append(m.BlindedHashes, hash[:])
	}
	for _, operator := range w.issuers {
		m.Endorsements = append(m.Endorsements, issuance.Endorse(chainID, m, operator))
	}
	return w.unsigned(txv1.Kind_KIND_ISSUE_TOKEN, m)
}

// collect gets the panel's signatures.
func (w *world) collect(v *voter) {
	w.t.Helper()
	v.token = &ballotv1.Token{}
	for i, k := range w.tokenKeys[v.class] {
		answer, err := k.Sign(v.requests[i].Blinded())
		w.ok(err)
		s, err := v.requests[i].Finalize(answer)
		w.ok(err)
		v.token.Signatures = append(v.token.Signatures, s)
	}
}

func (w *world) forms() []*ballot.Form {
	w.t.Helper()
	v := w.n.app.View()
	defer v.Close()
	key, ok := w.k.Ceremony.Key(v.Reader(), w.id, 0)
	if !ok {
		w.t.Fatal("there is no election key")
	}
	var out []*ballot.Form
	for style := range w.def.Styles {
		f, err := ballot.PreparedForm(chainID, w.id, w.def, uint32(style), key)
		w.ok(err)
		out = append(out, f)
	}
	return out
}

// cast seals the voter's next ballot: the option of the first contest, and as
// many of the second.
func (w *world) cast(f *ballot.Form, v *voter, option int) []byte {
	w.t.Helper()
	marks := []bool{option == 0, option == 1}
	bits, err := bitproof.ChoiceBits(2, 1, 1, marks)
	w.ok(err)
	if len(f.Parts) == 2 {
		more, err := bitproof.ChoiceBits(3, 0, 2, []bool{option == 0, false, true})
		w.ok(err)
		bits = append(bits, more...)
	}
	v.sequence++
	ct, proof, err := bitproof.Prove(rand.Reader, f.Statement(v.key.Public(), v.sequence), bits)
	w.ok(err)
	token := v.token
	if v.sequence > 1 {
		token = nil
	}
	v.lastCast = w.sign(txv1.Kind_KIND_CAST_BALLOT, f.Message(v.sequence, token, ct, proof), v.key)
	return v.lastCast
}

// count brings a closed zone to its final phase and returns the counts of each
// unit.
func (w *world) count() [][]uint64 {
	w.t.Helper()
	w.untilPhase(electionv1.Phase_PHASE_COUNTING)
	v := w.n.app.View()
	units, waiting := w.k.Tally.Units(v.Reader(), w.id, 0)
	key, _ := w.k.Ceremony.Key(v.Reader(), w.id, 0)
	v.Close()
	if units == nil || waiting {
		w.t.Fatal("counting without units")
	}
	partials := make([][]*tally.Partial, len(units.Units))
	var raws [][]byte
	for _, tr := range w.trustees[:w.def.Threshold] {
		m := &tallyv1.DecryptionShare{ElectionId: w.id[:]}
		for u, unit := range units.Units {
			p := w.decrypt(tr, unit, key)
			partials[u] = append(partials[u], p)
			m.Partials = append(m.Partials, p.Encode())
		}
		raws = append(raws, w.sign(txv1.Kind_KIND_DECRYPTION_SHARE, m, tr.key))
	}
	w.must(raws...)
	result := w.result(units, partials)
	w.must(w.unsigned(txv1.Kind_KIND_RESULT, result))
	w.until("protocol", func(r ledger.Reader) bool {
		_, ok := w.k.Tally.ProtocolOf(r, w.id, 0)
		return ok
	})
	v = w.n.app.View()
	protocol, _ := w.k.Tally.ProtocolOf(v.Reader(), w.id, 0)
	v.Close()
	hash := tally.ProtocolHash(protocol)
	w.act(commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: w.id[:], ProtocolHash: hash[:]})
	w.untilPhase(electionv1.Phase_PHASE_FINAL)
	var counts [][]uint64
	for _, u := range result.Units {
		counts = append(counts, u.Counts)
	}
	return counts
}

func (w *world) decrypt(tr *trustee, unit *tallyv1.Unit, key *ceremonyv1.ElectionKey) *tally.Partial {
	w.t.Helper()
	r, err := group.DecodePoint(unit.R)
	w.ok(err)
	slots := election.ContestSlots(w.def, unit.Contest)
	points, err := tr.share.Decrypt(r, slots)
	w.ok(err)
	st, err := tally.ShareStatement(chainID, w.id, w.def, 0, key, unit, uint32(tr.index), points.Points)
	w.ok(err)
	secrets, err := tr.share.Secrets(slots)
	w.ok(err)
	proof, err := dleq.Prove(rand.Reader, st, secrets)
	w.ok(err)
	return &tally.Partial{Points: points.Points, Proof: proof}
}

func (w *world) result(units *tallyv1.Units, partials [][]*tally.Partial) *tallyv1.Result {
	w.t.Helper()
	m := &tallyv1.Result{ElectionId: w.id[:]}
	for _, tr := range w.trustees[:w.def.Threshold] {
		m.Trustees = append(m.Trustees, uint32(tr.index))
	}
	for u, unit := range units.Units {
		opened, err := tally.Open(unit, m.Trustees, partials[u])
		w.ok(err)
		logs, err := elgamal.NewLogarithm(unit.Ballots)
		w.ok(err)
		counts := &tallyv1.UnitCounts{}
		for i := range opened {
			n, err := logs.Find(opened[i])
			w.ok(err)
			counts.Counts = append(counts.Counts, n)
		}
		m.Units = append(m.Units, counts)
	}
	return m
}

// altered copies a message with a byte turned.
func altered(raw []byte, at int) []byte {
	b := bytes.Clone(raw)
	b[((at%len(b))+len(b))%len(b)] ^= 1
	return b
}
