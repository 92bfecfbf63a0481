package receipt_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/voter/receipt"
	"github.com/urna-vote/urna/proto/api"
)

// newReceipt puts a ballot into a log of so many leaves and proves it.
func newReceipt(t *testing.T, s *chaintest.Signer, leaves, at int) (*api.Receipt, []byte) {
	t.Helper()
	var log merkle.Tree
	raw := []byte("a ballot")
	for i := range leaves {
		hash := sha256.Sum256(fmt.Appendf(nil, "ballot %d", i))
		if i == at {
			hash = sha256.Sum256(raw)
		}
		if err := log.Append(merkle.LeafHash(hash[:])); err != nil {
			t.Fatal(err)
		}
	}
	proof, err := log.Inclusion(uint64(at))
	if err != nil {
		t.Fatal(err)
	}
	root, hash, some := log.Root(), sha256.Sum256(raw), bytes.Repeat([]byte{7}, 32)
	r := &api.Receipt{ChainID: s.Trust.ChainID(), TxHash: hash[:], LogIndex: uint64(at), Leaves: api.AppLeaves{
		LogSize: uint64(leaves), LogRoot: root[:], StateDigest: some, ElectionsRoot: some, Rules: 1, TimeMS: 1_700_000_099_000,
	}}
	for _, h := range proof.Path {
		r.Inclusion = append(r.Inclusion, h[:])
	}
	r.Head = s.Head(t, 41, r.Leaves)
	return r, raw
}

func TestReceiptReadsBackAndVerifiesOffline(t *testing.T) {
	s := chaintest.New(t, 4)
	for _, size := range []int{1, 2, 5, 1000} {
		r, raw := newReceipt(t, s, size, size/2)
		file, err := receipt.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := receipt.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		head, err := receipt.Verify(s.Trust, again, raw)
		if err != nil || head.Height != 41 {
			t.Fatal(head, err)
		}
	}
}

func TestReceiptOfFourValidatorsAndAMillionBallotsIsBelow4KB(t *testing.T) {
	s := chaintest.New(t, 4)
	r, _ := newReceipt(t, s, 1, 0)
	for range 20 {
		r.Inclusion = append(r.Inclusion, bytes.Repeat([]byte{9}, 32))
	}
	file, err := receipt.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) >= 4096 {
		t.Fatalf("%d bytes", len(file))
	}
}

// Every line and every character: a change is refused in reading or checking.
func TestEveryAlterationOfTheFileIsRefused(t *testing.T) {
	s := chaintest.New(t, 4)
	r, raw := newReceipt(t, s, 9, 4)
	file, err := receipt.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		got, err := receipt.Parse(bad)
		if err == nil {
			_, err = receipt.Verify(s.Trust, got, raw)
		}
		if err == nil {
			t.Fatalf("byte %d (%q) changed and accepted", i, file[i])
		}
		if !errors.Is(err, receipt.ErrFormat) && !errors.Is(err, receipt.ErrProof) && !errors.Is(err, receipt.ErrTransaction) {
			t.Fatalf("byte %d: %v has no class", i, err)
		}
	}
	lines := strings.SplitAfter(string(file), "\n")
	for i := range lines[:len(lines)-1] {
		without := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		if _, err := receipt.Parse([]byte(without)); !errors.Is(err, receipt.ErrFormat) {
			t.Errorf("line %d left out: %v", i+1, err)
		}
	}
	for name, bad := range map[string]string{
		"trailing":      string(file) + "x",
		"cut":           string(file[:len(file)-1]),
		"CRLF":          strings.ReplaceAll(string(file), "\n", "\r\n"),
		"leading zero":  strings.Replace(string(file), "log-index 4", "log-index 04", 1),
		"upper case":    strings.Replace(string(file), lines[2], strings.ToUpper(lines[2]), 1),
		"empty":         "",
		"wrong version": strings.Replace(string(file), "receipt 1", "receipt 2", 1),
	} {
		if _, err := receipt.Parse([]byte(bad)); !errors.Is(err, receipt.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptOfAnotherBallotOrChainIsRefused(t *testing.T) {
	s, other := chaintest.New(t, 4), chaintest.New(t, 4)
	r, raw := newReceipt(t, s, 9, 4)
	if _, err := receipt.Verify(s.Trust, r, append(raw, 'x')); !errors.Is(err, receipt.ErrTransaction) {
		t.Error(err)
	}
	if _, err := receipt.Verify(s.Trust, r, []byte{}); !errors.Is(err, receipt.ErrTransaction) {
		t.Error("empty bytes are no ballot:", err)
	}
	if _, err := receipt.Verify(other.Trust, r, raw); !errors.Is(err, receipt.ErrProof) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("urna receipt 1\nchain a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := receipt.Parse(b)
		if err != nil {
			return
		}
		again, err := receipt.Encode(r)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("second spelling: %v", err)
		}
	})
}
