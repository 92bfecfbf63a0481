package load_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/testnet/load"
)

func header() load.Header {
	return load.Header{ChainID: "c", Election: []byte{1}, KeyHash: []byte{2}, Seed: []byte{3}, Planned: 9}
}

// write makes a file of so many pairs.
func write(t *testing.T, path string, from, to int) {
	t.Helper()
	err := load.AppendPairs(path, header(), from, to, func(i int) (issuance, ballot []byte) {
		return bytes.Repeat([]byte{byte(i), 1}, 10+i), bytes.Repeat([]byte{byte(i), 2}, 30)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFileGivesBackWhatWasWrittenAndGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, 0, 3)
	write(t, path, 3, 7)
	f, err := load.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Ballots.Len() != 7 || f.Issuances.Len() != 7 || f.Header.ChainID != "c" {
		t.Fatalf("%d ballots, %+v", f.Ballots.Len(), f.Header)
	}
	for i := range 7 {
		issuance, err := f.Issuances.Read(i)
		if err != nil || !bytes.Equal(issuance, bytes.Repeat([]byte{byte(i), 1}, 10+i)) {
			t.Fatal(i, issuance, err)
		}
		ballot, err := f.Ballots.Read(i)
		if err != nil || ballot[0] != byte(i) || len(ballot) != f.Ballots.Size(i) {
			t.Fatal(i, ballot, err)
		}
	}
}

func TestATornEndIsCutOffAndTheRestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, 0, 4)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 20, 68, 69, 70, 90} {
		if err := os.WriteFile(path, whole[:len(whole)-cut], 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := load.Open(path); !errors.Is(err, load.ErrDamaged) {
			t.Errorf("cut by %d: opened: %v", cut, err)
		}
		write(t, path, 3, 4)
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, whole) {
			t.Errorf("cut by %d: not made whole: %v", cut, err)
		}
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, 0, 2)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x10
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if f, err := load.Open(path); err == nil {
			t.Errorf("byte %d: not noticed: %+v", at, f.Header)
		}
	}
}

func TestAFileOfAnotherElectionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, 0, 2)
	for name, change := range map[string]func(*load.Header){
		"chain":    func(h *load.Header) { h.ChainID = "d" },
		"election": func(h *load.Header) { h.Election = []byte{9} },
		"key":      func(h *load.Header) { h.KeyHash = []byte{9} },
		"seed":     func(h *load.Header) { h.Seed = []byte{9} },
	} {
		h := header()
		change(&h)
		err := load.AppendPairs(path, h, 2, 3, func(int) ([]byte, []byte) { return []byte{1}, []byte{2} })
		if !errors.Is(err, load.ErrOtherElection) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := header()
	h.Planned = 50
	if err := load.AppendPairs(path, h, 2, 3, func(int) ([]byte, []byte) { return []byte{1}, []byte{2} }); err != nil {
		t.Errorf("another planned number: %v", err)
	}
}

func TestSecretsSurviveTheirFileAndPrintNothing(t *testing.T) {
	s, err := load.NewSecrets(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s.ChainID, s.Issuers = "c", []load.IssuerKeys{{}}
	path := filepath.Join(t.TempDir(), "secrets.json")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := load.LoadSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Entry(5) != s.Entry(5) || again.Entry(5) == s.Entry(6) || again.Operator(0).Public() != s.Operator(0).Public() {
		t.Error("voters or issuers differ after a file")
	}
	if text := load.Print(*s); text != "[secrets of a trial election]" {
		t.Errorf("secrets print as %q", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read the secrets", err)
	}
}
