package verify_test

import (
	"bytes"
	"slices"
	"time"

	"github.com/urna-vote/urna/crypto/group"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
)

type forgery struct {
	specs func() []spec
	code  string
}

// forgeries are chains that all validators signed and that break a rule.
func (w *world) forgeries() map[string]forgery {
	out := map[string]forgery{}
	for _, more := range []map[string]forgery{w.forgedBallots(), w.forgedIssuance(), w.forgedRoll(), w.forgedCeremony(), w.forgedCounting(), w.forgedBlocks()} {
		for name, f := range more {
			out[name] = f
		}
	}
	return out
}

// at finds the block and place of the nth transaction of a kind.
func (w *world) at(kind txv1.Kind, nth int) (block, tx int) {
	for i, sp := range w.specs {
		for j, raw := range sp.txs {
			if kindOf(w.t, raw) == uint32(kind) {
				if nth == 0 {
					return i, j
				}
				nth--
			}
		}
	}
	w.t.Fatalf("no transaction %d of %s", nth, kind)
	return 0, 0
}

// replace puts another transaction in the place of the nth of a kind.
func (w *world) replace(kind txv1.Kind, nth int, with_ func(raw []byte) []byte) func() []spec {
	return func() []spec {
		i, j := w.at(kind, nth)
		specs := w.forged()
		raw := with_(specs[i].txs[j])
		specs[i].txs = slices.Delete(specs[i].txs, j, j+1)
		specs[i] = with(w.t, specs[i], raw)
		return specs
	}
}

// add puts a transaction into the block that is so many after the first of a kind.
func (w *world) add(kind txv1.Kind, after int, raw func() []byte) func() []spec {
	return func() []spec {
		i, _ := w.at(kind, 0)
		specs := w.forged()
		specs[i+after] = with(w.t, specs[i+after], raw())
		return specs
	}
}

func (w *world) body(raw []byte, m ledger.Wire) *txv1.Tx {
	var tx txv1.Tx
	w.ok(tx.Unmarshal(raw))
	w.ok(m.Unmarshal(tx.Body))
	return &tx
}

// firstR is the randomness of a voter's first ballot.
func (w *world) firstR(voter int) []byte {
	key := w.voters[voter].key.Public()
	i, _ := w.at(txv1.Kind_KIND_CAST_BALLOT, 0)
	for _, raw := range w.specs[i].txs {
		var m ballotv1.CastBallot
		if tx := w.body(raw, &m); bytes.Equal(tx.Signer, key[:]) {
			return m.R
		}
	}
	w.t.Fatalf("voter %d has cast no ballot", voter)
	return nil
}

func (w *world) forgedBallots() map[string]forgery {
	const cast = txv1.Kind_KIND_CAST_BALLOT
	// stuffed is a ballot by a key of the forger's choice, its token signed by
	// all members of the panel, who conspire.
	stuffed := func() []byte {
		v := w.voter(13)
		w.collect(v)
		return w.cast(v, 0)
	}
	recast := func(i int, sequence uint32, change func(m *ballotv1.CastBallot)) func() []byte {
		return func() []byte {
			m := w.sealBallot(w.voters[i], sequence, 0)
			if change != nil {
				change(m)
			}
			return w.sign(cast, m, w.voters[i].key)
		}
	}
	// standby is one whose token is of a panel that was never open.
	standby := func() []byte {
		defer func(panel uint32) { w.panel = panel }(w.panel)
		w.panel = 1
		return stuffed()
	}
	return map[string]forgery{
		"a ballot more than tokens":       {w.add(cast, 1, stuffed), "ballot/more-than-issued"},
		"a token of a panel never opened": {w.add(cast, 0, standby), "ballot/more-than-issued"},
		"a ballot with the token of its own block": {func() []spec {
			specs := w.add(cast, 0, stuffed)()
			i, _ := w.at(cast, 0)
			specs[i] = with(w.t, specs[i], w.issue(w.voter(13)))
			return specs
		}, "block/claimed"},
		"a second first ballot of a key": {w.add(cast, 1, recast(5, 1, nil)), "ballot/token-spent"},
		"a recast too early": {func() []spec {
			specs := w.add(cast, 1, recast(5, 2, nil))()
			i, _ := w.at(cast, 0)
			specs[i+2] = with(w.t, specs[i+2], recast(5, 3, nil)())
			return specs
		}, "ballot/recast-too-early"},
		"a wrong sequence number":     {w.add(cast, 2, recast(5, 3, nil)), "ballot/wrong-sequence"},
		"a ballot after the close":    {w.add(txv1.Kind_KIND_DECRYPTION_SHARE, 0, recast(5, 2, nil)), "ballot/not-voting"},
		"a ballot before voting":      {w.add(txv1.Kind_KIND_ISSUE_TOKEN, 1, recast(5, 1, nil)), "ballot/not-voting"},
		"a style that does not exist": {w.add(cast, 2, recast(5, 2, func(m *ballotv1.CastBallot) { m.Style = styles })), "ballot/wrong-style"},
		"another style than before":   {w.add(cast, 2, recast(5, 2, func(m *ballotv1.CastBallot) { m.Style = 2 })), "ballot/key-of-another-ballot"},
		"the randomness of before":    {w.add(cast, 2, recast(5, 2, func(m *ballotv1.CastBallot) { m.R = w.firstR(5) })), "ballot/same-randomness"},
		// The first voters have cast twice; two blocks later they may again.
		"the randomness of the ballot before the last": {func() []spec {
			i, _ := w.at(cast, 0)
			specs := w.forged()[:i+5]
			specs[i+4].txs = [][]byte{recast(0, 3, func(m *ballotv1.CastBallot) { m.R = w.firstR(0) })()}
			return specs
		}, "ballot/same-randomness"},
		"a proof of another key": {w.replace(cast, 0, func(raw []byte) []byte {
			var m ballotv1.CastBallot
			w.body(raw, &m)
			v := w.voter(13)
			w.collect(v)
			m.Token = v.token
			return w.sign(cast, &m, v.key)
		}), "ballot/bad-proof"},
		"a ciphertext altered": {w.replace(cast, 1, func(raw []byte) []byte {
			return w.resign(raw, func(m *ballotv1.CastBallot) {
				p, err := group.DecodePoint(m.C[:32])
				w.ok(err)
				e := p.Add(group.Basepoint()).Encode()
				copy(m.C, e[:])
			})
		}), "ballot/bad-proof"},
		"a token of one member": {w.replace(cast, 2, func(raw []byte) []byte {
			return w.resign(raw, func(m *ballotv1.CastBallot) { m.Token.Signatures[1] = m.Token.Signatures[0] })
		}), "ballot/bad-token"},
		"a member's signature missing": {w.replace(cast, 2, func(raw []byte) []byte {
			return w.resign(raw, func(m *ballotv1.CastBallot) { m.Token.Signatures = m.Token.Signatures[:1] })
		}), "ballot/token-shape"},
		"a signature altered": {w.replace(cast, 0, func(raw []byte) []byte {
			var m ballotv1.CastBallot
			tx := w.body(raw, &m)
			tx.Signature[3] ^= 1
			return ledger.MustEncode(tx)
		}), "tx/bad-signature"},
		"a ballot left out": {func() []spec {
			i, _ := w.at(cast, 0)
			specs := w.forged()
			specs[i].txs = specs[i].txs[1:]
			return specs
		}, "log/root"},
	}
}

// resign alters a ballot and signs it with its key.
func (w *world) resign(raw []byte, change func(m *ballotv1.CastBallot)) []byte {
	var m ballotv1.CastBallot
	tx := w.body(raw, &m)
	change(&m)
	for _, v := range w.voters {
		if p := v.key.Public(); bytes.Equal(p[:], tx.Signer) {
			return w.sign(txv1.Kind_KIND_CAST_BALLOT, &m, v.key)
		}
	}
	w.t.Fatal("a ballot of nobody")
	return nil
}

func (w *world) forgedIssuance() map[string]forgery {
	const issue = txv1.Kind_KIND_ISSUE_TOKEN
	other := func(change func(m *issuancev1.IssueToken)) func() []byte {
		return func() []byte {
			var m issuancev1.IssueToken
			w.body(w.issue(w.voter(13)), &m)
			change(&m)
			return w.unsigned(issue, &m)
		}
	}
	return map[string]forgery{
		"two tokens for an entry":        {w.add(issue, 1, func() []byte { return w.issue(w.voter(0)) }), "issuance/token-issued"},
		"a token for a struck entry":     {w.add(issue, 1, func() []byte { return w.issue(w.voter(14)) }), "issuance/entry-removed"},
		"a token for a stranger":         {w.add(issue, 1, other(func(m *issuancev1.IssueToken) { m.Entry[0] ^= 1 })), "issuance/not-in-roll"},
		"a token without an endorsement": {w.add(issue, 1, other(func(m *issuancev1.IssueToken) { m.Endorsements[1] = m.Endorsements[0] })), "issuance/bad-endorsement"},
		"a token of a panel not open": {w.add(issue, 1, other(func(m *issuancev1.IssueToken) {
			m.Panel = 1 // stands by
		})), "issuance/panel-not-open"},
		"a token before issuing": {w.add(txv1.Kind_KIND_REGISTER_ISSUER_KEY, 0, func() []byte { return w.issue(w.voter(13)) }), "issuance/wrong-phase"},
		"a key proof altered": {w.replace(txv1.Kind_KIND_REGISTER_ISSUER_KEY, 0, func(raw []byte) []byte {
			var m issuancev1.RegisterIssuerKey
			w.body(raw, &m)
			m.Roots[4], m.Roots[5] = m.Roots[5], m.Roots[4]
			return w.sign(txv1.Kind_KIND_REGISTER_ISSUER_KEY, &m, w.issuers[m.Issuer])
		}), "issuance/bad-key-proof"},
		"an answer altered": {w.replace(txv1.Kind_KIND_ANSWER_CLAIM, 0, func(raw []byte) []byte {
			var m issuancev1.AnswerClaim
			w.body(raw, &m)
			m.BlindSignature[100] ^= 1
			return w.unsigned(txv1.Kind_KIND_ANSWER_CLAIM, &m)
		}), "issuance/bad-blind-signature"},
		"a roll that was not staged": {w.replace(txv1.Kind_KIND_STAGE_ROLL, 0, func(raw []byte) []byte {
			var m rollv1.StageRoll
			w.body(raw, &m)
			m.Entries[0] ^= 1
			return w.sign(txv1.Kind_KIND_STAGE_ROLL, &m, w.members[0])
		}), "roll/tree-differs"},
	}
}

func (w *world) forgedCeremony() map[string]forgery {
	return map[string]forgery{
		"a deal other than committed": {w.replace(txv1.Kind_KIND_DEAL, 0, func(raw []byte) []byte {
			var m ceremonyv1.Deal
			tx := w.body(raw, &m)
			m.Sealed[0][40] ^= 1
			return w.sign(txv1.Kind_KIND_DEAL, &m, w.trusteeOf(tx).key)
		}), "ceremony/deal-not-committed"},
		"an HPKE key used again": {w.replace(txv1.Kind_KIND_CHECK_DEALS, 0, func(raw []byte) []byte {
			var m ceremonyv1.CheckDeals
			tr := w.trusteeOf(w.body(raw, &m))
			m.Complaints = []*ceremonyv1.Complaint{{Dealer: uint32(tr.index%3 + 1), FreshKey: tr.seal.Public().Encode()}}
			return w.sign(txv1.Kind_KIND_CHECK_DEALS, &m, tr.key)
		}), "ceremony/hpke-key-used"},
		"a commitment for another list": {w.replace(txv1.Kind_KIND_COMMIT_DEAL, 0, func(raw []byte) []byte {
			var m ceremonyv1.CommitDeal
			tx := w.body(raw, &m)
			m.TrusteeListHash[0] ^= 1
			return w.sign(txv1.Kind_KIND_COMMIT_DEAL, &m, w.trusteeOf(tx).key)
		}), "ceremony/other-trustee-list"},
		"evidence of a deal for another list": {w.add(txv1.Kind_KIND_DEAL, 0, func() []byte {
			i, j := w.at(txv1.Kind_KIND_DEAL, 0)
			var m ceremonyv1.Deal
			tx := w.body(w.specs[i].txs[j], &m)
			m.TrusteeListHash[0] ^= 1
			m.Proofs = m.Proofs[32:]
			deal := w.sign(txv1.Kind_KIND_DEAL, &m, w.trusteeOf(tx).key)
			return w.unsigned(txv1.Kind_KIND_EVIDENCE, &ceremonyv1.Evidence{Where: m.Where, Tx: deal})
		}), "ceremony/evidence-of-nothing"},
		"published shares altered": {w.replace(txv1.Kind_KIND_PUBLISH_SHARES, 0, func(raw []byte) []byte {
			var m ceremonyv1.PublishShares
			tx := w.body(raw, &m)
			m.Answers[0].Shares[0] ^= 1
			return w.sign(txv1.Kind_KIND_PUBLISH_SHARES, &m, w.trusteeOf(tx).key)
		}), "ceremony/bad-shares"},
		"another transcript confirmed": {w.replace(txv1.Kind_KIND_CONFIRM_KEY, 0, func(raw []byte) []byte {
			var m ceremonyv1.ConfirmKey
			tx := w.body(raw, &m)
			m.TranscriptHash[0] ^= 1
			return w.sign(txv1.Kind_KIND_CONFIRM_KEY, &m, w.trusteeOf(tx).key)
		}), "ceremony/other-transcript"},
		"a drill share of another trustee": {w.replace(txv1.Kind_KIND_DRILL, 0, func(raw []byte) []byte {
			i, j := w.at(txv1.Kind_KIND_DRILL, 1)
			var m, other ceremonyv1.DrillShare
			tx := w.body(raw, &m)
			w.body(w.specs[i].txs[j], &other)
			return w.sign(txv1.Kind_KIND_DRILL, &other, w.trusteeOf(tx).key)
		}), "ceremony/bad-drill-share"},
		"a nonce that was not sealed": {w.replace(txv1.Kind_KIND_OPEN_TEST, 0, func(raw []byte) []byte {
			var m ceremonyv1.OpenTest
			tx := w.body(raw, &m)
			m.Nonce[0] ^= 1
			return w.sign(txv1.Kind_KIND_OPEN_TEST, &m, w.trusteeOf(tx).key)
		}), "ceremony/wrong-nonce"},
	}
}

func (w *world) trusteeOf(tx *txv1.Tx) *trustee {
	for _, tr := range w.trustees {
		if p := tr.key.Public(); bytes.Equal(p[:], tx.Signer) {
			return tr
		}
	}
	w.t.Fatal("a step of nobody")
	return nil
}

func (w *world) forgedCounting() map[string]forgery {
	const result = txv1.Kind_KIND_RESULT
	counts := func(change func(m *tallyv1.Result)) func() []spec {
		return w.replace(result, 0, func(raw []byte) []byte {
			var m tallyv1.Result
			w.body(raw, &m)
			change(&m)
			return w.unsigned(result, &m)
		})
	}
	share := func(change func(m *tallyv1.DecryptionShare)) func(raw []byte) []byte {
		return func(raw []byte) []byte {
			var m tallyv1.DecryptionShare
			tx := w.body(raw, &m)
			change(&m)
			return w.sign(txv1.Kind_KIND_DECRYPTION_SHARE, &m, w.trusteeOf(tx).key)
		}
	}
	return map[string]forgery{
		"a vote moved":      {counts(func(m *tallyv1.Result) { m.Units[0].Counts[0]++; m.Units[0].Counts[1]-- }), "tally/bad-result"},
		"a vote more":       {counts(func(m *tallyv1.Result) { m.Units[0].Counts[0]++ }), "tally/counts-out-of-bounds"},
		"a trustee too few": {counts(func(m *tallyv1.Result) { m.Trustees = m.Trustees[:1] }), "tally/wrong-trustees"},
		"another trustee":   {counts(func(m *tallyv1.Result) { m.Trustees[1] = 3 }), "tally/wrong-trustees"},
		"a result beside the shares": {func() []spec {
			i, _ := w.at(txv1.Kind_KIND_DECRYPTION_SHARE, 0)
			k, l := w.at(result, 0)
			specs := w.forged()
			specs[i] = with(w.t, specs[i], w.specs[k].txs[l])
			return specs
		}, "tally/share-missing"},
		"a share's proof": {w.replace(txv1.Kind_KIND_DECRYPTION_SHARE, 0, share(func(m *tallyv1.DecryptionShare) {
			m.Partials[0].Proof, m.Partials[1].Proof = m.Partials[1].Proof, m.Partials[0].Proof
		})), "tally/bad-share"},
		"a share before the close": {w.add(txv1.Kind_KIND_CAST_BALLOT, 1, func() []byte {
			i, j := w.at(txv1.Kind_KIND_DECRYPTION_SHARE, 0)
			return w.specs[i].txs[j]
		}), "tally/not-counting"},
		"another protocol approved": {func() []spec {
			specs := w.forged()
			i, _ := w.at(result, 0)
			raw, id := w.propose(commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: w.id[:], ProtocolHash: make([]byte, 32)})
			specs[i+1] = with(w.t, specs[i+1], raw)
			specs[i+2] = with(w.t, specs[i+2], w.approve(id, 2))
			return specs
		}, "tally/other-protocol"},
	}
}

func (w *world) forgedBlocks() map[string]forgery {
	i, j := w.at(txv1.Kind_KIND_ISSUE_TOKEN, 0)
	block := func(change func(sp *spec)) func() []spec {
		return func() []spec {
			specs := w.forged()
			change(&specs[i])
			return specs
		}
	}
	return map[string]forgery{
		"transactions swapped":      {block(func(sp *spec) { sp.txs[0], sp.txs[1] = sp.txs[1], sp.txs[0] }), "block/order"},
		"a transaction twice":       {block(func(sp *spec) { sp.txs = slices.Insert(sp.txs, j, sp.txs[j]) }), "block/order"},
		"two claims of an entry":    {block(func(sp *spec) { *sp = with(w.t, *sp, w.issue(w.voter(1))) }), "block/claimed"},
		"bytes after a transaction": {block(func(sp *spec) { sp.txs[0] = append(bytes.Clone(sp.txs[0]), 0) }), "tx/malformed"},
		"a transaction of a chain":  {block(func(sp *spec) { sp.txs[0] = w.otherChain(sp.txs[0]) }), "tx/wrong-chain"},
		"a kind that is none":       {block(func(sp *spec) { *sp = with(w.t, *sp, w.unsigned(999, &tallyv1.Result{})) }), "tx/unknown-kind"},
		"a proposal by a stranger": {block(func(sp *spec) {
			var m commissionv1.Propose
			k, l := w.at(txv1.Kind_KIND_PROPOSE, 0)
			w.body(w.specs[k].txs[l], &m)
			m.Proposal.Nonce[0] ^= 1
			*sp = with(w.t, *sp, w.sign(txv1.Kind_KIND_PROPOSE, &m, keyOf("stranger", 0)))
		}), "commission/not-a-member"},
		"other results":            {block(func(sp *spec) { sp.results = make([]byte, 32) }), "header/last-results-hash"},
		"a block without its time": {block(func(sp *spec) { sp.at = sp.at.Add(-time.Hour) }), "header/time"},
		"an approval left out": {func() []spec {
			specs := w.forged()
			for i := len(specs) - 1; ; i-- {
				if len(specs[i].txs) > 0 {
					specs[i].txs = nil
					return specs
				}
			}
		}, "objects/differs"},
	}
}

func (w *world) otherChain(raw []byte) []byte {
	var tx txv1.Tx
	w.ok(tx.Unmarshal(raw))
	tx.ChainId = "urna-other"
	return ledger.MustEncode(&tx)
}
