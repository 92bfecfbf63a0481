package ceremony_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/trustee/ceremony"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// holds checks that the shares on the media decrypt under the key on the ledger.
func holds(t *testing.T, n *town, media []*keystore.Home) {
	t.Helper()
	key := n.city.Key()
	slots := len(key.Slots) / group.Size
	public, err := threshold.DecodeSlotKeys(slots, key.Slots)
	if err != nil {
		t.Fatal(err)
	}
	r, err := group.RandomScalar(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secrets := group.BaseMul(r)
	every := make([]int, slots)
	for i := range every {
		every[i] = i + 1
	}
	partials := make([]threshold.Partial, len(key.Participants))
	for _, h := range media {
		share, err := h.LoadShare(sample.ChainID, n.city.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		verification, err := threshold.DecodeVerificationKeys(slots, key.Verification[share.Index-1])
		if err != nil {
			t.Fatal(err)
		}
		secret, err := share.Open(verification)
		if err != nil {
			t.Fatal(err)
		}
		if partials[share.Index-1], err = secret.Decrypt(secrets, every); err != nil {
			t.Fatal(err)
		}
	}
	var have []threshold.Partial
	for _, p := range partials {
		if p.Index != 0 {
			have = append(have, p)
		}
	}
	for first := 0; first+2 <= len(have); first++ {
		joined, err := threshold.CombinePartials(2, have[first:first+2])
		if err != nil {
			t.Fatal(err)
		}
		for i := range joined {
			if !joined[i].Equal(public[i].Mul(r)) {
				t.Fatalf("slot %d does not decrypt", i+1)
			}
		}
	}
}

func TestThreeTrusteesMakeAKeyAndEachHoldsAShare(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	allNil(t, n.drive(n.programs(media)))
	n.once()
	holds(t, n, media)
	if phase := n.city.Phase(0); phase != electionv1.Phase_PHASE_ROLL {
		t.Errorf("phase %v", phase)
	}
	// Called again, each only looks.
	before := len(n.sent)
	allNil(t, n.drive(n.programs(media)))
	if len(n.sent) != before {
		t.Error("a finished ceremony was acted in")
	}
}

var errCrash = errors.New("crash")

// crashing ends the program at one of its submissions, before the message got
// on the ledger or after.
type crashing struct {
	*town
	at    int
	after bool
}

func (c *crashing) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	c.at--
	if c.at == 0 && !c.after {
		return 0, errCrash
	}
	height, err := c.town.SubmitAndWait(ctx, raw)
	if c.at == 0 {
		return 0, errCrash
	}
	return height, err
}

func TestACrashAtEveryStepIsResumedFromMediumAndLedger(t *testing.T) {
	const steps = 8 // register, test, open, commit, deal, check, confirm, drill
	for at := 1; at <= steps+1; at++ {
		for _, after := range []bool{false, true} {
			media := homes(t, 3)
			n := newTown(t, sample.Definition(), media...)
			programs := n.programs(media)
			crash := &crashing{town: n, at: at, after: after}
			programs[0] = n.programOver(media[0], crash)
			crashed := false
			for range 200 {
				outcome, err := programs[0].Step(t.Context())
				if errors.Is(err, errCrash) {
					crashed = true
					break
				}
				for _, p := range programs[1:] {
					if _, err := p.Step(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if outcome == ceremony.Done {
					break
				}
				n.block()
			}
			if crashed != (at <= steps) {
				t.Fatalf("step %d: crashed is %v", at, crashed)
			}
			again, err := keystore.Open(media[0].Dir())
			if err != nil {
				t.Fatal(err)
			}
			programs[0] = n.program(again)
			allNil(t, n.drive(programs))
			n.once()
			holds(t, n, media)
		}
	}
}

func TestACorruptDealerIsComplainedOf(t *testing.T) {
	for cheats, stays := range map[string]bool{"first box": true, "second box": true, "everything": false} {
		media := homes(t, 2)
		def := sample.Definition()
		def.Confirmations = 2
		n := newTown(t, def, media...)
		bad := &corrupt{Trustee: n.city.Trustees[2], n: n, cheats: cheats}
		allNil(t, n.drive(n.programs(media), bad.play))
		n.once()
		holds(t, n, media)
		st := n.city.Ceremonial()
		me := bad.Index(st)
		if out := st.Participants[me-1].Out; (out == "") != stays {
			t.Errorf("%s: the dealer is out: %q", cheats, out)
		}
		if got := len(st.Qualified) == 3; got != stays {
			t.Errorf("%s: qualified are %v", cheats, st.Qualified)
		}
		again := len(st.Complaints) > 0 && st.Complaints[0].Again
		if len(st.Complaints) != 1 || st.Complaints[0].Dealer != me || again != (cheats != "first box") {
			t.Errorf("%s: complaints %v", cheats, st.Complaints)
		}
	}
}

func TestALostHPKEKeyIsHealedByFreshOnesWithoutPublishing(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	// The medium is restored from a backup of the signing key alone: its seed,
	// and with it the registered HPKE key, is another one from the window
	// commit on.
	restored := newHome(t)
	text, err := os.ReadFile(filepath.Join(media[0].Dir(), "signing-key.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(restored.Dir(), "signing-key.json"), text, 0o600)
	}
	if err == nil {
		restored, err = keystore.Open(restored.Dir())
	}
	if err != nil {
		t.Fatal(err)
	}
	programs := n.programs(media)
	n.until(ceremonyv1.Window_WINDOW_COMMIT, programs)
	programs[0], media[0] = n.program(restored), restored
	allNil(t, n.drive(programs))
	holds(t, n, media)
	st := n.city.Ceremonial()
	if len(st.Complaints) != 2 || len(st.Qualified) != 3 {
		t.Errorf("complaints %v, qualified %v", st.Complaints, st.Qualified)
	}
	for _, c := range st.Complaints {
		if c.Again || c.Published || !c.Resealed {
			t.Errorf("complaint %v went on", c)
		}
	}
}

func TestAMediumWithoutItsDealDoesNotDealAnother(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	programs := n.programs(media)
	n.until(ceremonyv1.Window_WINDOW_DEAL, programs)
	kept, err := filepath.Glob(filepath.Join(media[0].Dir(), "deal-*.bin"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("deals on the medium: %v, %v", kept, err)
	}
	content, _ := os.ReadFile(kept[0])
	for name, spoil := range map[string]func() error{
		"gone":      func() error { return os.Remove(kept[0]) },
		"truncated": func() error { return os.WriteFile(kept[0], content[:len(content)-1], 0o600) },
		"flipped": func() error {
			other := bytes.Clone(content)
			other[len(other)-1] ^= 1
			return os.WriteFile(kept[0], other, 0o600)
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		n.block()
		n.block()
		if outcome, err := n.program(media[0]).Step(t.Context()); err == nil {
			t.Errorf("%s: went on with outcome %v", name, outcome)
		}
	}
}

func TestNothingIsConfirmedOfTransactionsThatDoNotMakeTheTranscript(t *testing.T) {
	lies := map[string]func(*api.Ceremony){
		"order": func(c *api.Ceremony) {
			if len(c.Transactions) > 2 {
				c.Transactions[0], c.Transactions[1] = c.Transactions[1], c.Transactions[0]
			}
		},
		"repeated": func(c *api.Ceremony) {
			if len(c.Transactions) > 2 {
				c.Transactions[1] = c.Transactions[0]
			}
		},
		"changed": func(c *api.Ceremony) {
			if last := len(c.Transactions) - 1; last > 2 {
				c.Transactions[last] = bytes.Clone(c.Transactions[last])
				c.Transactions[last][len(c.Transactions[last])-1] ^= 1
			}
		},
	}
	for name, lie := range lies {
		media := homes(t, 3)
		n := newTown(t, sample.Definition(), media...)
		programs := n.programs(media)
		n.until(ceremonyv1.Window_WINDOW_CONFIRM, programs)
		n.block()
		n.block()
		n.shown = lie
		_, err := n.program(media[0]).Step(t.Context())
		if !errors.Is(err, ceremony.ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
		public := media[0].Public()
		if n.sent[fmt.Sprintf("%d/%x", txv1.Kind_KIND_CONFIRM_KEY, public)] != 0 {
			t.Errorf("%s: confirmed", name)
		}
		// The state and an honest node suffice again.
		n.shown = nil
		allNil(t, n.drive(n.programs(media)))
	}
}

func TestASilentTrusteeFailsTheCeremonyAndTheNextAttemptIsJoined(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	programs := n.programs(media[:2])
	for i, err := range n.drive(programs) {
		wants(t, err, ceremony.ErrFailed, "attempt 1", "missing: trustee-2")
		if _, err := media[i].LoadShare(sample.ChainID, n.city.ID, 0); err == nil {
			t.Error("a failed ceremony left a share")
		}
	}
	if err := n.city.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY,
		&ceremonyv1.RestartCeremony{ElectionId: n.city.ID[:], Reason: "trustee-2 was ill"}); err != nil {
		t.Fatal(err)
	}
	n.remember()
	n.block()
	allNil(t, n.drive(append(programs, n.program(media[2]))))
	holds(t, n, media)
	if key := n.city.Key(); key.Attempt != 2 {
		t.Errorf("key of attempt %d", key.Attempt)
	}
}

func TestAKeyThatWasMadeAgainReplacesTheVoidShare(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	allNil(t, n.drive(n.programs(media)))
	first := n.city.Key()
	if err := n.city.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY,
		&ceremonyv1.RestartCeremony{ElectionId: n.city.ID[:], Reason: "a medium was out of sight"}); err != nil {
		t.Fatal(err)
	}
	n.remember()
	n.block()
	allNil(t, n.drive(n.programs(media)))
	holds(t, n, media)
	if bytes.Equal(first.Slots, n.city.Key().Slots) {
		t.Error("the second attempt made the same key")
	}
}

func TestAMediumThatIsNoTrusteesIsTurnedAway(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	if _, err := n.program(newHome(t)).Step(t.Context()); err == nil {
		t.Error("a stranger took part")
	}
	other := ceremony.New(ceremony.Config{Home: media[0], Ledger: n, ChainID: "another-0011223344556677", Election: n.city.ID,
		Random: rand.Reader, Say: func(string) {}})
	if _, err := other.Step(t.Context()); err == nil {
		t.Error("took part for another chain")
	}
	third := ceremony.New(ceremony.Config{Home: media[0], Ledger: n, ChainID: sample.ChainID, Election: n.city.ID, Zone: 1,
		Random: rand.Reader, Say: func(string) {}})
	if _, err := third.Step(t.Context()); err == nil {
		t.Error("took part in a zone that does not exist")
	}
}
