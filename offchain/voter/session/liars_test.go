package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// panelOf is the sample election with one panel of k members and a long vote.
func panelOf(k int) *electionv1.Definition {
	def := sample.Definition()
	def.Issuers, def.Panels = nil, []*electionv1.Panel{{}}
	for i := range k {
		name := fmt.Sprintf("issuer-%d", i)
		def.Issuers = append(def.Issuers, &electionv1.Issuer{Name: name, OperatorKey: sample.Public(name)})
		def.Panels[0].Issuers = append(def.Panels[0].Issuers, uint32(i))
	}
	def.Zones[0].ClosesMs += 24 * 3600_000
	return def
}

// Ways to spread two entries over ballot keys: honest members m of entry e sign
// for the key that a way names.
var ways = map[string]func(entry, member int) (key int){
	"honest":                 func(e, _ int) int { return 2 * e },
	"split":                  func(e, m int) int { return 2*e + m%2 },
	"pooled over two":        func(e, m int) int { return (e + m) % 2 },
	"one key of two entries": func(_, m int) int { return m % 2 },
}

// Some members of a panel, from none to all, work together with two voters; all
// others abstain. Whatever they split and pool, no more ballots are accepted
// than tokens were issued, and an absent voter's entry stays empty unless all
// members conspire.
func TestConspiringMembersGetNoMoreBallotsThanTokens(t *testing.T) {
	for k := 1; k <= 5; k++ {
		t.Run(fmt.Sprintf("panel of %d", k), func(t *testing.T) {
			w := newWorldOf(t, (k+1)*len(ways)*3, panelOf(k))
			w.openVoting()
			params, voter := w.params(), 0
			for corrupt := range k + 1 {
				for name, way := range ways {
					c := &conspiracy{w: w, params: params, k: k, corrupt: corrupt, first: voter, held: map[[2]int][]byte{}}
					voter += 3
					accepted := c.attack(way)
					if corrupt < k && accepted > 2 {
						t.Errorf("%d corrupt, %s: %d ballots of two entries", corrupt, name, accepted)
					}
					if _, issued := w.issuances()[w.slips[c.first+2].Entry()]; issued != (corrupt == k) {
						t.Errorf("%d corrupt, %s: token for an absent voter: %v", corrupt, name, issued)
					}
				}
			}
			counts := w.city.Ballots.Counts(w.city.State, w.city.ID, 0)
			if issued := w.issued(); counts.Accepted > issued || counts.Accepted == 0 {
				t.Fatalf("%d ballots of %d tokens", counts.Accepted, issued)
			}
		})
	}
}

// conspiracy is the first members of the panel, two voters and whoever helps.
type conspiracy struct {
	w          *world
	params     *booth.Parameters
	k, corrupt int
	// first of three voters: two take part, the third never comes.
	first   int
	secrets [4]*blindtoken.Secret
	// held signatures by ballot key and member.
	held map[[2]int][]byte
}

func (c *conspiracy) key(member int) *blindtoken.PrivateKey {
	return sample.TokenKey(fmt.Sprintf("issuer %d, panel 0", member))
}

// blinded is what a member is asked to sign for a ballot key.
func (c *conspiracy) blinded(key, member int) *blindtoken.Request {
	request, err := blindtoken.Blind(c.secrets[key], c.params.Scope(0), c.key(member).Public())
	c.w.must(err)
	return request
}

// attack returns how many ballots were accepted.
func (c *conspiracy) attack(way func(entry, member int) int) (accepted int) {
	for i := range c.secrets {
		var err error
		c.secrets[i], err = blindtoken.NewSecret(rand.Reader)
		c.w.must(err)
		for m := range c.corrupt { // they sign whatever is wanted
			request := c.blinded(i, m)
			answer, err := c.key(m).Sign(request.Blinded())
			c.w.must(err)
			c.held[[2]int{i, m}], err = request.Finalize(answer)
			c.w.must(err)
		}
	}
	for entry := range 2 {
		c.apply(entry, way)
	}
	c.invent()
	for key := range c.secrets {
		if c.cast(key) {
			accepted++
		}
	}
	return accepted
}

// apply issues a token for an entry of the conspiracy and spends it at the honest
// members, who are also asked for everything else.
func (c *conspiracy) apply(entry int, way func(entry, member int) int) {
	slip := c.w.slips[c.first+entry]
	id := slip.Entry()
	record := &issuancev1.IssueToken{ElectionId: c.w.city.ID[:], Entry: id[:], ClaimKeyHash: make([]byte, 32)}
	for m := range c.k {
		hash := c.blinded(way(entry, m), m).Hash()
		record.BlindedHashes = append(record.BlindedHashes, hash[:])
	}
	for m := range c.k {
		name := fmt.Sprintf("issuer-%d", m)
		if m < c.corrupt {
			record.Endorsements = append(record.Endorsements, issuance.Endorse(sample.ChainID, record, sample.Key(name)))
			continue
		}
		code, _ := slip.Code(name)
		pass := slip.VoterKey.Pass(slip.ChainID, slip.Election, name)
		endorsement, err := c.gateway(m).Endorse(context.Background(), c.request(record, way(entry, m), m, pass, code.Reveal()))
		c.w.must(err)
		record.Endorsements = append(record.Endorsements, endorsement)
	}
	hash, err := c.submit(record)
	c.w.must(err)
	c.w.block()
	for m := c.corrupt; m < c.k; m++ {
		for key := range c.secrets {
			request := c.blinded(key, m)
			answer, err := c.gateway(m).Sign(context.Background(), api.SignRequest{
				Election: c.w.city.ID[:], Entry: id[:], Transaction: hash[:], Blinded: request.Blinded(),
			})
			if on := key == way(entry, m); (err == nil) != on || (!on && !issuer.Refused(err, "not-on-record")) {
				c.w.t.Fatalf("member %d, key %d, on record %v: %v", m, key, on, err)
			}
			if err == nil {
				c.held[[2]int{key, m}], err = request.Finalize(answer)
				c.w.must(err)
			}
		}
	}
}

func (c *conspiracy) gateway(member int) *issuer.Gateway {
	return c.w.gateways[sample.Key(fmt.Sprintf("issuer-%d", member)).Public()].client
}

func (c *conspiracy) request(record *issuancev1.IssueToken, key, member int, pass [32]byte, code string) api.TokenRequest {
	r := api.TokenRequest{
		Election: record.ElectionId, Entry: record.Entry, Style: record.Style, Panel: record.Panel, Pass: pass[:], Code: code,
		Blinded: c.blinded(key, member).Blinded(), ClaimKeyHash: record.ClaimKeyHash,
	}
	for _, h := range record.BlindedHashes {
		r.BlindedHashes = append(r.BlindedHashes, h)
	}
	return r
}

// invent tries to issue a token for a voter who never came.
func (c *conspiracy) invent() {
	id := c.w.slips[c.first+2].Entry()
	record := &issuancev1.IssueToken{ElectionId: c.w.city.ID[:], Entry: id[:], ClaimKeyHash: make([]byte, 32)}
	for m := range c.k {
		hash := c.blinded(3, m).Hash()
		record.BlindedHashes = append(record.BlindedHashes, hash[:])
	}
	for m := range c.k {
		if m >= c.corrupt {
			_, err := c.gateway(m).Endorse(context.Background(), c.request(record, 3, m, [32]byte{1}, "0000-0000-0000-0000"))
			if !issuer.Refused(err, "credential") {
				c.w.t.Fatalf("honest member %d: %v", m, err)
			}
		}
		// In the place of an honest member stands another's endorsement.
		signs := sample.Key(fmt.Sprintf("issuer-%d", min(m, max(c.corrupt-1, 0))))
		if c.corrupt == 0 {
			signs = sample.Key("stranger")
		}
		record.Endorsements = append(record.Endorsements, issuance.Endorse(sample.ChainID, record, signs))
	}
	_, err := c.submit(record)
	var refused *ledger.Refusal
	if c.corrupt < c.k && (!errors.As(err, &refused) || refused.Code != issuance.CodeEndorsement) {
		c.w.t.Fatalf("a token for a voter who never came, %d corrupt of %d: %v", c.corrupt, c.k, err)
	}
}

func (c *conspiracy) submit(record *issuancev1.IssueToken) ([32]byte, error) {
	raw, err := envelope.EncodeUnsigned(sample.ChainID, uint32(txv1.Kind_KIND_ISSUE_TOKEN), ledger.MustEncode(record))
	c.w.must(err)
	_, err = c.w.SubmitAndWait(context.Background(), raw)
	return envelope.Hash(raw), err
}

// cast tries a ballot key with the best token there is for it.
func (c *conspiracy) cast(key int) bool {
	token := &ballotv1.Token{}
	for m := range c.k {
		signature, ok := c.held[[2]int{key, m}]
		for other := 0; !ok; other++ { // another key's, or in the end any number
			if signature, ok = c.held[[2]int{other, m}]; other == len(c.secrets) {
				signature, ok = append([]byte{0}, bytes.Repeat([]byte{1}, 255)...), true
			}
		}
		token.Signatures = append(token.Signatures, signature)
	}
	ballotKey := c.secrets[key].BallotKey(c.params.Scope(0))
	sealed, err := booth.Seal(rand.Reader, c.params, ballotKey.Public(), 1, choices(0, 0, 0))
	c.w.must(err)
	raw, err := sealed.Sign(ballotKey, token)
	c.w.must(err)
	_, err = c.w.SubmitAndWait(context.Background(), raw)
	return err == nil
}

// refuser is a gateway that endorses nobody.
type refuser struct{ session.Issuer }

func (refuser) Endorse(context.Context, api.TokenRequest) ([]byte, error) {
	return nil, &issuer.Refusal{Status: 403, GatewayError: api.GatewayError{Name: "credential", Reason: "no"}}
}

func TestAMemberThatEndorsesNobodyIsNamedAndPassedByAtTheSecondPanel(t *testing.T) {
	w := newWorld(t, 1)
	cfg, told := w.claiming(0, w.state(0), "issuer-1", func(i session.Issuer) session.Issuer { return refuser{i} })
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	if err := s.Token(context.Background()); !issuer.Refused(err, "credential") || !bytes.Contains([]byte(err.Error()), []byte("issuer-1: ")) {
		t.Fatal(err)
	}
	if len(*told) != 0 || w.issued() != 0 {
		t.Fatal("what is not on record cannot be claimed")
	}
	w.mu.Lock()
	err = w.city.Decide(commissionv1.Action_ACTION_OPEN_PANEL, &issuancev1.OpenPanel{ElectionId: w.city.ID[:], Panel: 1, Reason: "issuer-1 endorses nobody"})
	w.mu.Unlock()
	w.must(err)
	key := s.BallotKey()
	w.must(s.Token(context.Background()))
	if s.State().Panel() != 1 || s.BallotKey() != key || w.issued() != 1 {
		t.Fatalf("panel %d, issued %d", s.State().Panel(), w.issued())
	}
}

// mixer is a gateway that answers each with what another got: reordered, or the
// first answer again and again.
type mixer struct {
	session.Issuer
	mu     *sync.Mutex
	kept   *[][]byte
	replay bool
}

func (m mixer) Sign(ctx context.Context, r api.SignRequest) ([]byte, error) {
	answer, err := m.Issuer.Sign(ctx, r)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*m.kept) == 0 {
		*m.kept = append(*m.kept, answer)
		return nil, errLost
	}
	was := (*m.kept)[0]
	if !m.replay {
		(*m.kept)[0] = answer
	}
	return was, nil
}

func TestReorderedAndReplayedAnswersAreNamedAndTheLedgerHasTheRightOnes(t *testing.T) {
	for name, replay := range map[string]bool{"reordered": false, "replayed": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3)
			var mu sync.Mutex
			var kept [][]byte
			mix := func(i session.Issuer) session.Issuer { return mixer{i, &mu, &kept, replay} }
			// One voter alone takes part in keeping the first answer.
			states := []*session.State{w.state(0), w.state(1), w.state(2)}
			for voter, st := range states {
				cfg, _ := w.claiming(voter, st, "issuer-1", mix)
				cfg.Claims.Ledger = nil
				s, err := session.New(context.Background(), cfg)
				w.must(err)
				if err := s.Token(context.Background()); err == nil || !bytes.Contains([]byte(err.Error()), []byte("issuer-1")) || (voter > 0 && !errors.Is(err, blindtoken.ErrSignature)) {
					t.Fatalf("voter %d: %v", voter, err)
				}
			}
			w.run(w.desk("issuer-1", board{w}))
			for voter, st := range states {
				cfg, _ := w.claiming(voter, st, "issuer-1", func(i session.Issuer) session.Issuer { return mute{i} })
				cfg.Claims.Wait = 20 * time.Second
				s, err := session.New(context.Background(), cfg)
				w.must(err)
				w.must(s.Token(context.Background()))
			}
			if w.issued() != 3 {
				t.Fatal(w.issued())
			}
		})
	}
}
