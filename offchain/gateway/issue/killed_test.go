package issue_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/proto/api"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// station is one issuer whose gateways are processes on one database.
type station struct {
	t     *testing.T
	child child
	key   auth.Key

	mu sync.Mutex
	// tokens on the ledger by transaction.
	tokens map[[32]byte]*issuancev1.IssueToken
}

func newStation(t *testing.T, where string) *station {
	t.Helper()
	dir := t.TempDir()
	s := &station{t: t, tokens: map[[32]byte]*issuancev1.IssueToken{}, child: child{
		Database: where, Keys: filepath.Join(dir, "keys"), Identity: filepath.Join(dir, "identity.txt"), AccessKey: filepath.Join(dir, "access.key"),
	}}
	identity, err := keyring.NewIdentityFile()
	s.must(err)
	s.must(os.WriteFile(s.child.Identity, identity, 0o600))
	lock, err := keyring.IdentityLock(identity)
	s.must(err)
	sealed, err := ring().Seal(lock)
	s.must(err)
	s.must(os.Mkdir(s.child.Keys, 0o700))
	s.must(os.WriteFile(filepath.Join(s.child.Keys, "keys"+keyring.Suffix), sealed, 0o600))
	s.key, err = roster.LoadOrMakeKey(s.child.AccessKey, rand.Reader)
	s.must(err)
	ledger := httptest.NewServer(http.HandlerFunc(s.serveLedger))
	t.Cleanup(ledger.Close)
	s.child.Ledger = ledger.URL
	return s
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) serveLedger(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/standing" {
		_ = json.NewEncoder(w).Encode(issue.Standing{Open: true, Moduli: [][]byte{modulus(0), {1}}, InRoll: true})
		return
	}
	var hash [32]byte
	_, _ = hex.Decode(hash[:], []byte(strings.TrimPrefix(r.URL.Path, "/token/")))
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.tokens[hash]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(ledger.MustEncode(token))
}

// person is a voter with a request of the own.
type person struct {
	request api.TokenRequest
	other   api.TokenRequest
	blind   *blindtoken.Request
}

// voter puts a new entry into the access list.
func (s *station) voter(n byte) *person {
	s.t.Helper()
	code, err := slip.NewCode(rand.Reader)
	s.must(err)
	entry, pass := [32]byte{2, n}, [32]byte{3, n}
	db, err := database.Open(context.Background(), s.child.Database)
	s.must(err)
	defer db.Close()
	_, err = register.New(db).Import([]register.Access{s.key.Access(electionID, entry, 1, [16]byte{n}, pass, code)})
	s.must(err)
	p := &person{}
	for i, into := range []*api.TokenRequest{&p.request, &p.other} {
		secret, err := blindtoken.SecretFromBytes(bytes.Repeat([]byte{n, byte(i)}, 16))
		s.must(err)
		key, _ := ring().Key(keyring.Slot{Election: electionID})
		blind, err := blindtoken.Blind(secret, issuance.Scope(chainID, electionID, 0, 0), key.Public())
		s.must(err)
		if i == 0 {
			p.blind = blind
		}
		hash := blind.Hash()
		*into = api.TokenRequest{
			Election: electionID[:], Entry: entry[:], Style: 1, Pass: pass[:], Code: code.Reveal(), Blinded: blind.Blinded(),
			BlindedHashes: []api.Hex{hash[:], bytes.Repeat([]byte{5}, 32)}, ClaimKeyHash: bytes.Repeat([]byte{4}, 32),
		}
	}
	return p
}

// bound says whether the database has the person's record.
func (s *station) bound(p *person) bool {
	s.t.Helper()
	db, err := database.Open(context.Background(), s.child.Database)
	s.must(err)
	defer db.Close()
	var record []byte
	s.must(register.New(db).Update(func(tx *register.Tx) (err error) {
		record, err = tx.Record(electionID, [32]byte(p.request.Entry), 0)
		return err
	}))
	return record != nil
}

func (p *person) record(endorsement []byte) *issuancev1.IssueToken {
	r := p.request
	m := &issuancev1.IssueToken{
		ElectionId: r.Election, Style: r.Style, Panel: r.Panel, Entry: r.Entry, ClaimKeyHash: r.ClaimKeyHash,
		Endorsements: [][]byte{endorsement, make([]byte, sign.SignatureSize)},
	}
	for _, h := range r.BlindedHashes {
		m.BlindedHashes = append(m.BlindedHashes, h)
	}
	return m
}

// The gateway's process is killed before the record, after it, before the answer
// and within it: asked again, at whichever replica, it gives the one endorsement
// and the one signature, and never endorses another record.
func TestAKilledGatewayGivesTheSameTokenAtEveryReplica(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := newStation(t, where)
		replicas := []*process{s.child.start(t, nowhere), s.child.start(t, nowhere)}
		for n, dies := range []string{beforeRecord, beforeAnswer, inAnswer} {
			p := s.voter(byte(n))
			var answer api.TokenAnswer
			if _, err := s.child.start(t, dies).post("/v1/token", p.request, &answer); !errors.Is(err, errNoAnswer) {
				t.Fatalf("killed %s: %v", dies, err)
			}
			if got, want := s.bound(p), dies != beforeRecord; got != want {
				t.Fatalf("killed %s: record bound: %v", dies, got)
			}
			transaction := s.sameEndorsement(p, append(replicas, s.child.start(t, nowhere)))
			s.sameSignature(p, transaction, dies, replicas)
		}
	})
}

// sameEndorsement asks every replica and puts the record on the ledger.
func (s *station) sameEndorsement(p *person, replicas []*process) (transaction [32]byte) {
	s.t.Helper()
	var first api.Hex
	for _, r := range replicas {
		var answer api.TokenAnswer
		if status, err := r.post("/v1/token", p.request, &answer); err != nil || status != http.StatusOK {
			s.t.Fatal(status, err)
		}
		if first == nil {
			first = answer.Endorsement
		}
		if !bytes.Equal(first, answer.Endorsement) {
			s.t.Fatal("two endorsements of one request")
		}
		var refused api.GatewayError
		if _, err := r.post("/v1/token", p.other, &refused); err != nil || refused.Name != "other-record" {
			s.t.Fatalf("another record: %q, %v", refused.Name, err)
		}
	}
	record := p.record(first)
	s.must(sign.Verify(issuance.Endorsement(chainID, record, sample.Public("issuer-0"), first)))
	transaction = sha256.Sum256(ledger.MustEncode(record))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[transaction] = record
	return transaction
}

// sameSignature kills a gateway that signs, and asks the others.
func (s *station) sameSignature(p *person, transaction [32]byte, dies string, replicas []*process) {
	s.t.Helper()
	request := api.SignRequest{Election: electionID[:], Entry: p.request.Entry, Transaction: transaction[:], Blinded: p.request.Blinded}
	var answer api.SignAnswer
	if dies != beforeRecord {
		if _, err := s.child.start(s.t, dies).post("/v1/sign", request, &answer); !errors.Is(err, errNoAnswer) {
			s.t.Fatalf("killed %s: %v", dies, err)
		}
	}
	var first api.Hex
	for _, r := range replicas {
		if status, err := r.post("/v1/sign", request, &answer); err != nil || status != http.StatusOK {
			s.t.Fatal(status, err)
		}
		if first == nil {
			first = answer.Signature
		}
		if !bytes.Equal(first, answer.Signature) {
			s.t.Fatal("two signatures of one message")
		}
	}
	if _, err := p.blind.Finalize(first); err != nil {
		s.t.Fatal(err)
	}
}

// Killed at any moment of a request, from its first byte to its answer, the
// gateway has bound the record or has not: what it answered holds, and asked
// again it says the same.
func TestAGatewayKilledAtAnyMomentKeepsItsWord(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := newStation(t, where)
		survivor := s.child.start(t, nowhere)
		// How long a request takes here, to spread the moments over it.
		begun := time.Now()
		s.sameEndorsement(s.voter(200), []*process{survivor})
		usual := time.Since(begun) / 2
		const kills = 8
		answered := 0
		for n := range kills {
			p, victim := s.voter(byte(n)), s.child.start(t, nowhere)
			timer := time.AfterFunc(usual*time.Duration(n)/(kills-2), func() { _ = victim.cmd.Process.Kill() })
			var answer api.TokenAnswer
			status, err := victim.post("/v1/token", p.request, &answer)
			timer.Stop()
			victim.kill()
			if err == nil && status == http.StatusOK {
				answered++
				if !s.bound(p) {
					t.Fatal("an answer left before its record was bound")
				}
			}
			transaction := s.sameEndorsement(p, []*process{survivor, s.child.start(t, nowhere)})
			if err == nil && status == http.StatusOK && !bytes.Equal(answer.Endorsement, s.tokens[transaction].Endorsements[0]) {
				t.Fatal("the killed gateway gave another answer than its replicas")
			}
		}
		if answered == kills {
			t.Errorf("all of %d were answered before they were killed", kills)
		}
	})
}
