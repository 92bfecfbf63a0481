package keystore_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
)

func newHome(t *testing.T) *keystore.Home {
	t.Helper()
	h, err := keystore.Init(filepath.Join(t.TempDir(), "medium"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newKey(t *testing.T) (secrets []byte, public []group.Point) {
	t.Helper()
	for range 4 {
		x, err := group.RandomScalar(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		b := x.Encode()
		secrets, public = append(secrets, b[:]...), append(public, group.BaseMul(x))
	}
	return secrets, public
}

func newShare(t *testing.T) *keystore.Share {
	t.Helper()
	secrets, public := newKey(t)
	key, err := threshold.KeyShareFromBytes(3, secrets, public)
	if err != nil {
		t.Fatal(err)
	}
	s := keystore.NewShare(key)
	s.ChainID, s.Election, s.Zone, s.Attempt, s.KeyHash = "urna-1", [32]byte{1, 2, 3, 4, 5}, 2, 1, [32]byte{9}
	return s
}

func TestInitMakesAPrivateMediumOnce(t *testing.T) {
	h := newHome(t)
	again, err := keystore.Open(h.Dir())
	if err != nil || again.Public() != h.Public() || again.Seed().Reveal() != h.Seed().Reveal() {
		t.Fatalf("opened another medium: %v", err)
	}
	if info, _ := os.Stat(h.Dir()); info.Mode().Perm() != 0o700 {
		t.Errorf("directory has mode %v", info.Mode())
	}
	entries, _ := os.ReadDir(h.Dir())
	if len(entries) != 2 {
		t.Errorf("files: %v", entries)
	}
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	if _, err := keystore.Init(h.Dir(), rand.Reader); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Errorf("made over an old medium: %v", err)
	}
}

func TestFailedInitLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	if _, err := keystore.Init(filepath.Join(parent, "m"), bytes.NewReader(make([]byte, 40))); err == nil {
		t.Fatal("made a medium from too little randomness")
	}
	if entries, _ := os.ReadDir(parent); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

func TestMediumOpenToOthersIsRefused(t *testing.T) {
	h := newHome(t)
	for name, mode := range map[string]fs.FileMode{".": 0o750, "signing-key.json": 0o640, "ceremony-seed.json": 0o604} {
		path := filepath.Join(h.Dir(), name)
		was, _ := os.Stat(path)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := keystore.Open(h.Dir()); err == nil || !strings.Contains(err.Error(), "chmod") {
			t.Errorf("%s with mode %v: %v", name, mode, err)
		}
		_ = os.Chmod(path, was.Mode().Perm())
	}
	if err := h.SaveShare(newShare(t)); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(filepath.Join(h.Dir(), keystore.ShareName([32]byte{1, 2, 3, 4}, 2)), 0o644)
	if _, err := h.LoadShare("urna-1", [32]byte{1, 2, 3, 4, 5}, 2); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("share that others can read: %v", err)
	}
}

func TestDamagedSeedIsRefusedWithoutShowingIt(t *testing.T) {
	h := newHome(t)
	path := filepath.Join(h.Dir(), "ceremony-seed.json")
	text, _ := os.ReadFile(path)
	seed := h.Seed().Reveal()
	digits := hex.EncodeToString(seed[:])
	swapped := digits[1:] + digits[:1]
	for name, bad := range map[string]string{
		"empty":     "",
		"truncated": string(text[:len(text)-20]),
		"unknown":   strings.Replace(string(text), "{", `{"more":1,`, 1),
		"trailing":  string(text) + "{}",
		"changed":   strings.Replace(string(text), digits, swapped, 1),
		"short":     strings.Replace(string(text), digits, digits[2:], 1),
		"capitals":  strings.Replace(string(text), digits, strings.ToUpper(digits), 1),
		"type":      strings.Replace(string(text), "ceremony-seed", "other", 1),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keystore.Open(h.Dir())
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		if strings.Contains(err.Error(), digits[:8]) || strings.Contains(err.Error(), swapped[:8]) {
			t.Errorf("%s: the error shows the seed", name)
		}
	}
}

func TestShareIsReadBackAndPrintsNothing(t *testing.T) {
	h := newHome(t)
	secrets, public := newKey(t)
	key, err := threshold.KeyShareFromBytes(3, secrets, public)
	if err != nil {
		t.Fatal(err)
	}
	s := keystore.NewShare(key)
	s.ChainID, s.Election, s.Zone, s.Attempt, s.KeyHash = "urna-1", [32]byte{7}, 2, 1, [32]byte{9}
	if _, err := h.LoadShare(s.ChainID, s.Election, s.Zone); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no share yet: %v", err)
	}
	for range 2 { // saving the same again changes nothing
		if err := h.SaveShare(s); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.LoadShare(s.ChainID, s.Election, s.Zone)
	if err != nil || got.Index != 3 || got.Attempt != s.Attempt || got.KeyHash != s.KeyHash {
		t.Fatalf("read another share: %v", err)
	}
	opened, err := got.Open(public)
	if err != nil || !bytes.Equal(opened.Reveal(), secrets) {
		t.Errorf("another secret: %v", err)
	}
	_, other := newKey(t)
	if _, err := got.Open(other); !errors.Is(err, threshold.ErrKey) {
		t.Errorf("opened under another key: %v", err)
	}
	info, _ := os.Stat(filepath.Join(h.Dir(), keystore.ShareName(s.Election, s.Zone)))
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if text, err := json.Marshal(s); err != nil || strings.Contains(string(text), hex.EncodeToString(secrets[:4])) {
		t.Errorf("JSON %s, %v", text, err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", s, *s, s, s), fmt.Sprintf("%v %+v %#v", h, *h, h)} {
		if strings.Contains(text, hex.EncodeToString(secrets[:4])) || !strings.HasPrefix(text, "[") {
			t.Errorf("prints %s", text)
		}
	}
}

func TestShareOfSomethingElseIsRefusedNamingBoth(t *testing.T) {
	h, s := newHome(t), newShare(t)
	if err := h.SaveShare(s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(h.Dir(), keystore.ShareName(s.Election, s.Zone))
	other := s.Election
	other[30] = 77 // the file's name is the same
	wants := func(err error, parts ...string) {
		t.Helper()
		if !errors.Is(err, keystore.ErrForeign) {
			t.Errorf("not refused as foreign: %v", err)
			return
		}
		for _, p := range parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("%q does not name %q", err, p)
			}
		}
	}
	_, err := h.LoadShare("urna-2", s.Election, s.Zone)
	wants(err, "urna-1", "urna-2")
	_, err = h.LoadShare(s.ChainID, other, s.Zone)
	wants(err, hex.EncodeToString(s.Election[:]), hex.EncodeToString(other[:]))
	if err := os.Link(path, filepath.Join(h.Dir(), keystore.ShareName(s.Election, 3))); err != nil {
		t.Fatal(err)
	}
	_, err = h.LoadShare(s.ChainID, s.Election, 3)
	wants(err, "zone 2", "zone 3")
	stranger := newHome(t)
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(filepath.Join(stranger.Dir(), filepath.Base(path)), text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = stranger.LoadShare(s.ChainID, s.Election, s.Zone)
	mine, its := h.Public(), stranger.Public()
	wants(err, hex.EncodeToString(mine[:]), hex.EncodeToString(its[:]))
}

func TestShareOfAnotherKeyIsNotWrittenOver(t *testing.T) {
	h, s := newHome(t), newShare(t)
	s.Attempt = 2
	if err := h.SaveShare(s); err != nil {
		t.Fatal(err)
	}
	for _, attempt := range []uint32{1, 2} {
		other := newShare(t)
		other.Attempt, other.KeyHash = attempt, [32]byte{8}
		if err := h.SaveShare(other); !errors.Is(err, keystore.ErrForeign) {
			t.Fatalf("wrote over a share: %v", err)
		}
	}
	if got, err := h.LoadShare(s.ChainID, s.Election, s.Zone); err != nil || got.KeyHash != s.KeyHash {
		t.Errorf("the first share is gone: %v", err)
	}
}

func TestShareOfALaterAttemptKeepsTheVoidOneAside(t *testing.T) {
	h, s := newHome(t), newShare(t)
	if err := h.SaveShare(s); err != nil {
		t.Fatal(err)
	}
	first, _ := h.Kept(keystore.ShareName(s.Election, s.Zone))
	next := newShare(t)
	next.Attempt, next.KeyHash = 2, [32]byte{8}
	if err := h.SaveShare(next); err != nil {
		t.Fatal(err)
	}
	if got, err := h.LoadShare(s.ChainID, s.Election, s.Zone); err != nil || got.KeyHash != next.KeyHash || got.Attempt != 2 {
		t.Errorf("the new share is not in place: %v", err)
	}
	if kept, err := h.Kept("share-01020304-2-void-attempt-1.json"); err != nil || !bytes.Equal(kept, first) {
		t.Errorf("the void share is gone: %v", err)
	}
}

func TestDamagedShareIsRefusedWithoutShowingIt(t *testing.T) {
	h, s := newHome(t), newShare(t)
	if err := h.SaveShare(s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(h.Dir(), keystore.ShareName(s.Election, s.Zone))
	text, _ := os.ReadFile(path)
	_, after, _ := strings.Cut(string(text), `"secrets": "`)
	digits := after[64:128]
	for name, bad := range map[string]string{
		"empty":     "",
		"truncated": string(text[:len(text)/2]),
		"attempt":   strings.Replace(string(text), `"attempt": 1`, `"attempt": 2`, 1),
		"index":     strings.Replace(string(text), `"index": 3`, `"index": 2`, 1),
		"secret":    strings.Replace(string(text), digits, strings.Repeat("0", 64), 1),
		"cut":       strings.Replace(string(text), digits, "", 1),
		"unknown":   strings.Replace(string(text), "{", `{"more":1,`, 1),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := h.LoadShare(s.ChainID, s.Election, s.Zone)
		if err == nil {
			t.Errorf("%s: loaded", name)
		} else if strings.Contains(err.Error(), digits[:8]) {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}

func TestWhatIsKeptFirstStays(t *testing.T) {
	h := newHome(t)
	if _, err := h.Kept("deal.tx"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			b, err := h.KeepFirst("deal.tx", fmt.Appendf(nil, "content %d", i))
			if err != nil {
				t.Error(err)
			}
			got[i] = string(b)
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] || g == "" {
			t.Fatalf("two programs keep different things: %q", got)
		}
	}
	for _, name := range []string{"../x", "a/b", ".hidden", "", "."} {
		if _, err := h.KeepFirst(name, []byte("x")); err == nil {
			t.Errorf("kept under %q", name)
		}
		if _, err := h.Kept(name); err == nil {
			t.Errorf("read %q", name)
		}
	}
	if entries, _ := os.ReadDir(h.Dir()); len(entries) != 3 {
		t.Errorf("left behind %v", entries)
	}
}
