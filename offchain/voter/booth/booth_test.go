package booth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/booth"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// objects are those asked for, and a way to see the others.
type objects struct {
	sent map[string][]byte
	look func(name string) []byte
}

func (o objects) Object(name string) ([]byte, bool) { b, ok := o.sent[name]; return b, ok }

func (o objects) Hash(name string) ([32]byte, bool) {
	b := o.look(name)
	return sha256.Sum256(b), b != nil
}

// city is an election in the phase voting, made once: the tests only read it.
var city = sync.OnceValue(func() *sample.City { return sample.OpenVoting(sample.Definition(), 2) })

// prove reads the city; change may alter what is read.
func prove(change func(name string, b []byte) []byte, asked *atomic.Int32) booth.Prove {
	var mu sync.Mutex
	return func(_ context.Context, id [32]byte, names ...string) (booth.Objects, error) {
		mu.Lock()
		defer mu.Unlock()
		if asked != nil {
			asked.Add(1)
		}
		out := objects{sent: map[string][]byte{}, look: func(name string) []byte {
			b := city().Object(id, name)
			if change != nil {
				b = change(name, bytes.Clone(b))
			}
			return b
		}}
		for _, name := range names {
			if b := out.look(name); b != nil {
				out.sent[name] = b
			}
		}
		return out, nil
	}
}

func load(t *testing.T) *booth.Parameters {
	t.Helper()
	p, err := booth.Load(context.Background(), prove(nil, nil), sample.ChainID, city().ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParametersComeFromProvenObjects(t *testing.T) {
	p := load(t)
	if p.Form == nil || p.OpenPanel != 0 || len(p.Panels) != 2 || len(p.Panels[0]) != 2 || p.Panels[1] != nil {
		t.Fatalf("%+v", p)
	}
	if m := p.Members(0); len(m) != 2 || m[1].Name != "issuer-1" {
		t.Fatal(m)
	}
}

func TestParametersOfAnotherElectionOrDamagedAreRefused(t *testing.T) {
	other := sample.Definition()
	other.MinJoined = 11
	for name, change := range map[string]func(name string, b []byte) []byte{
		"another definition": func(name string, b []byte) []byte {
			if name == "definition" {
				return ledger.MustEncode(other)
			}
			return b
		},
		"definition damaged": func(name string, b []byte) []byte {
			if name == "definition" {
				return append(b, 0)
			}
			return b
		},
		"zone missing": func(name string, b []byte) []byte {
			if name == "zone/0" {
				return nil
			}
			return b
		},
		"keys of another class": func(name string, b []byte) []byte {
			if name == "issuers/0" {
				return append([]byte{8, 1}, b...)
			}
			return b
		},
		"key damaged": func(name string, b []byte) []byte {
			if name == "key/0" {
				return b[:len(b)-1]
			}
			return b
		},
	} {
		if _, err := booth.Load(context.Background(), prove(change, nil), sample.ChainID, city().ID, 1); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := booth.Load(context.Background(), prove(nil, nil), "another-chain", city().ID, 1); err == nil {
		t.Error("another chain: accepted")
	}
	if _, err := booth.Load(context.Background(), prove(nil, nil), sample.ChainID, city().ID, 2); err == nil {
		t.Error("a style that does not exist: accepted")
	}
}

func TestApplicationIsAFunctionOfTheSecret(t *testing.T) {
	p := load(t)
	secret, err := blindtoken.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	first, err := booth.Apply(p, 0, secret, [32]byte{1}, [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	second, err := booth.Apply(load(t), 0, secret, [32]byte{1}, [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if !bytes.Equal(first.Blinded(i), second.Blinded(i)) {
			t.Fatalf("blinded message %d differs", i)
		}
	}
	if bytes.Equal(first.Blinded(0), first.Blinded(1)) {
		t.Fatal("two members are asked to sign the same number")
	}
	if _, err := booth.Apply(p, 1, secret, [32]byte{1}, [32]byte{2}); !errors.Is(err, booth.ErrNoKeys) {
		t.Fatalf("a panel without keys: %v", err)
	}
	if _, err := first.Assemble(make([][]byte, 2)); !errors.Is(err, booth.ErrEndorsement) {
		t.Fatalf("no endorsements: %v", err)
	}
	if out := fmt.Sprintf("%v %+v", first, booth.NewChoices(nil)); out != "[token application] [choices]" {
		t.Error(out)
	}
}

func TestSealingTwiceNeverGivesTheSameRandomness(t *testing.T) {
	p := load(t)
	c := booth.NewChoices([][]uint32{{0, 1, 0}, {3, 2}})
	key := sample.Key("some ballot key")
	var raws [][]byte
	for range 2 {
		sealed, err := booth.Seal(rand.Reader, p, key.Public(), 2, c)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := sealed.Sign(key, nil)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	if bytes.Equal(raws[0], raws[1]) {
		t.Fatal("two sealings are the same")
	}
	sealed, err := booth.Seal(rand.Reader, p, key.Public(), 1, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Sign(key, nil); err == nil {
		t.Fatal("a first ballot without its token was signed")
	}
}

func TestWatchProvesOnceForManyVoters(t *testing.T) {
	var asked atomic.Int32
	now := time.Unix(1000, 0)
	w := booth.NewWatch(prove(nil, &asked), sample.ChainID, func() time.Time { return now })
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, err := w.Parameters(context.Background(), city().ID, 1, time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked.Load() != 3 {
		t.Fatalf("asked %d times, want 3 (definition, state, key)", asked.Load())
	}
	now = now.Add(2 * time.Second)
	if _, err := w.Parameters(context.Background(), city().ID, 1, time.Second); err != nil || asked.Load() != 4 {
		t.Fatalf("asked %d times after the age, %v", asked.Load(), err)
	}
}

func TestAKeyMadeAnewReplacesTheOneBefore(t *testing.T) {
	at, key := time.Unix(1000, 0), func(b []byte) []byte { return b }
	change := func(name string, b []byte) []byte {
		if name == "key/0" {
			return key(b)
		}
		return b
	}
	w := booth.NewWatch(prove(change, nil), sample.ChainID, func() time.Time { return at })
	look := func() *booth.Parameters {
		t.Helper()
		at = at.Add(time.Minute)
		p, err := w.Parameters(context.Background(), city().ID, 1, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := look()
	if again := look(); first.Form == nil || again.Form != first.Form {
		t.Fatal("the form of the same key is made anew")
	}
	// The commission has the ceremony held again: there is no key, then another.
	key = func([]byte) []byte { return nil }
	if void := look(); void.Form != nil {
		t.Fatal("a form of a void key is kept")
	}
	key = func(b []byte) []byte {
		k := ledger.MustDecode[ceremonyv1.ElectionKey](b)
		k.Slots = append(k.Slots[32:len(k.Slots):len(k.Slots)], k.Slots[:32]...)
		return ledger.MustEncode(k)
	}
	second := look()
	if second.Form == nil || second.Form.KeyHash == first.Form.KeyHash {
		t.Fatal("the form of the other key is not made")
	}
	// So fast that nobody looked in between.
	key = func(b []byte) []byte { return b }
	if third := look(); third.Form == nil || third.Form.KeyHash != first.Form.KeyHash {
		t.Fatal("the form of a void key is kept")
	}
}

func TestChoicesAreReadByNumberAndTitle(t *testing.T) {
	p := load(t)
	for _, good := range [][]string{
		{"1=2", "2=1:3,2:2"},
		{"mayor=b", "Projects=Park:3, Road:2"},
		{"2=park:3,road:2", "1=B"},
		{"1=", "2="},
	} {
		c, err := booth.ParseChoices(p, good)
		if err != nil {
			t.Errorf("%q: %v", good, err)
			continue
		}
		if err := booth.CheckChoices(p, c); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for name, bad := range map[string]struct {
		texts []string
		want  error
	}{
		"no contest":     {[]string{"3=1", "1=1", "2="}, booth.ErrChoice},
		"no option":      {[]string{"1=4", "2="}, booth.ErrChoice},
		"unknown title":  {[]string{"1=Zed", "2="}, booth.ErrChoice},
		"no equals sign": {[]string{"1", "2="}, booth.ErrChoice},
		"contest twice":  {[]string{"1=1", "Mayor=2", "2="}, booth.ErrChoice},
		"option twice":   {[]string{"1=1,A", "2="}, booth.ErrChoice},
		"not chosen":     {[]string{"1=1"}, booth.ErrNotChosen},
		"no points":      {[]string{"1=1", "2=1"}, booth.ErrChoice},
		"points no nr":   {[]string{"1=1", "2=1:x"}, booth.ErrChoice},
	} {
		if _, err := booth.ParseChoices(p, bad.texts); !errors.Is(err, bad.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	c, err := booth.ParseChoices(p, []string{"1=1,2", "2=1:3"})
	if err != nil {
		t.Fatal(err)
	}
	if err := booth.CheckChoices(p, c); !errors.Is(err, bitproof.ErrOverVote) {
		t.Errorf("over-vote: %v", err)
	}
}
