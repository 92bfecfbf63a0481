package ballot_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/internal/sample"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// electionKey is a key whose secrets are numbers.
func electionKey(first uint64) *ceremonyv1.ElectionKey {
	key := &ceremonyv1.ElectionKey{Mode: "dkg"}
	for i := range uint64(5) {
		b := group.BaseMul(group.ScalarFromUint64(first + i)).Encode()
		key.Slots = append(key.Slots, b[:]...)
	}
	return key
}

func form(t *testing.T, chainID string, id [32]byte, style uint32, key *ceremonyv1.ElectionKey) *ballot.Form {
	t.Helper()
	f, err := ballot.NewForm(chainID, id, sample.Definition(), style, key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// stream is a deterministic reader.
type stream struct{ next byte }

func (s *stream) Read(b []byte) (int, error) {
	for i := range b {
		s.next = s.next*31 + 7
		b[i] = s.next
	}
	return len(b), nil
}

func TestProofIsBoundToEveryFieldOfTheStatement(t *testing.T) {
	id, ballotKey := [32]byte{1}, [32]byte{2}
	f := form(t, sample.ChainID, id, 0, electionKey(11))
	bits := sample.Marks(1, 2, 0)
	ct, proof, err := bitproof.Prove(&stream{}, f.Statement(ballotKey, 1), bits)
	if err != nil {
		t.Fatal(err)
	}
	token := &ballotv1.Token{Signatures: [][]byte{make([]byte, 256)}}
	cast := ballot.NewCast(f.Message(1, token, ct, proof))
	claimOf := func(f *ballot.Form, cast *ballot.Cast, ballotKey [32]byte) bitproof.Claim {
		claim, err := f.Claim(cast, ballotKey)
		if err != nil {
			t.Fatal(err)
		}
		return claim
	}
	if err := bitproof.Verify(claimOf(f, cast, ballotKey)); err != nil {
		t.Fatal(err)
	}
	otherMode := electionKey(11)
	otherMode.Mode = "dealer"
	// A key of a slot that this ballot does not use.
	more, other := electionKey(11), electionKey(11)
	b := group.BaseMul(group.ScalarFromUint64(99)).Encode()
	more.Slots = append(more.Slots, b[:]...)
	copy(other.Slots[4*32:], b[:])
	later := f.Message(2, nil, ct, proof)
	for name, claim := range map[string]bitproof.Claim{
		"another chain":      claimOf(form(t, "other-0011223344556677", id, 0, electionKey(11)), cast, ballotKey),
		"another election":   claimOf(form(t, sample.ChainID, [32]byte{3}, 0, electionKey(11)), cast, ballotKey),
		"another style":      claimOf(form(t, sample.ChainID, id, 1, electionKey(11)), cast, ballotKey),
		"another key":        claimOf(form(t, sample.ChainID, id, 0, electionKey(12)), cast, ballotKey),
		"another last key":   claimOf(form(t, sample.ChainID, id, 0, other), cast, ballotKey),
		"one key more":       claimOf(form(t, sample.ChainID, id, 0, more), cast, ballotKey),
		"another mode":       claimOf(form(t, sample.ChainID, id, 0, otherMode), cast, ballotKey),
		"another ballot key": claimOf(f, cast, [32]byte{4}),
		"another number":     claimOf(f, ballot.NewCast(later), ballotKey),
	} {
		t.Run(name, func(t *testing.T) {
			if bitproof.Verify(claim) == nil {
				t.Fatal("the proof holds")
			}
		})
	}
}

func TestParamsTellFormsApart(t *testing.T) {
	var all [][32]byte
	for _, f := range []*ballot.Form{
		form(t, sample.ChainID, [32]byte{1}, 0, electionKey(11)), form(t, sample.ChainID, [32]byte{1}, 1, electionKey(11)),
		form(t, sample.ChainID, [32]byte{2}, 0, electionKey(11)), form(t, sample.ChainID, [32]byte{1}, 0, electionKey(12)),
		form(t, "other-0011223344556677", [32]byte{1}, 0, electionKey(11)),
	} {
		if slices.Contains(all, f.Params()) {
			t.Fatal("two forms have the same parameters")
		}
		all = append(all, f.Params())
	}
	plain := form(t, sample.ChainID, [32]byte{1}, 0, electionKey(11))
	prepared, err := ballot.PreparedForm(sample.ChainID, [32]byte{1}, sample.Definition(), 0, electionKey(11))
	if err != nil || prepared.Params() != plain.Params() || prepared.KeyHash != plain.KeyHash {
		t.Fatalf("a prepared form is another form: %v", err)
	}
	if hash, err := ballot.KeyVectorHash(sample.ChainID, [32]byte{1}, electionKey(11)); err != nil || hash != plain.KeyHash {
		t.Fatalf("hash of the key vector is %x, %v", hash, err)
	}
}

func TestFormRefusesKeysAndStylesThatDoNotFit(t *testing.T) {
	short := electionKey(11)
	short.Slots = short.Slots[:4*32]
	identity := electionKey(11)
	clear(identity.Slots[:32])
	twice := electionKey(11)
	copy(twice.Slots[:32], twice.Slots[32:64])
	for name, key := range map[string]*ceremonyv1.ElectionKey{"short": short, "identity": identity, "equal slots": twice} {
		if _, err := ballot.NewForm(sample.ChainID, [32]byte{}, sample.Definition(), 0, key); err == nil {
			t.Errorf("%s: a form is made", name)
		}
	}
	if _, err := ballot.NewForm(sample.ChainID, [32]byte{}, sample.Definition(), 2, electionKey(11)); err == nil {
		t.Error("a form of no style is made")
	}
}

func TestChunkValueReadsBack(t *testing.T) {
	first, root := sha256.Sum256([]byte("first")), sha256.Sum256([]byte("root"))
	a, b, err := ballot.SplitChunk(ballot.ChunkValue(first[:], root))
	if err != nil || !bytes.Equal(a, first[:]) || b != root {
		t.Fatalf("%x, %x, %v", a, b, err)
	}
	if _, _, err := ballot.SplitChunk(first[:]); err == nil {
		t.Fatal("half a chunk is read")
	}
}

func FuzzDecode(f *testing.F) {
	fm, err := ballot.NewForm(sample.ChainID, [32]byte{1}, sample.Definition(), 0, electionKey(11))
	if err != nil {
		f.Fatal(err)
	}
	ct, proof, err := bitproof.Prove(&stream{}, fm.Statement([32]byte{}, 1), sample.Marks(1, 2, 0))
	if err != nil {
		f.Fatal(err)
	}
	token := &ballotv1.Token{Signatures: [][]byte{make([]byte, 256)}}
	f.Add(ledger.MustEncode(fm.Message(1, token, ct, proof)))
	f.Add(ledger.MustEncode(fm.Message(2, nil, ct, proof)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ballot.Decode(body)
		if err != nil {
			return
		}
		cast := m.(*ballot.Cast)
		if !bytes.Equal(ledger.MustEncode(cast.Message), body) {
			t.Fatal("a second spelling is accepted")
		}
		ct, proof, err := cast.Parts()
		if (err == nil) != (ct != nil && proof != nil) {
			t.Fatal("parts and no refusal, or neither")
		}
		if err == nil && ballot.Validate(ledger.Context{}, &ledger.Tx{Message: m}) != nil {
			t.Fatal("parts of an invalid ballot")
		}
	})
}
