package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/keyrecord"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// town is an election as a node shows it, with proofs.
type town struct {
	t      *testing.T
	signer *chaintest.Signer
	id     [32]byte

	mu      sync.Mutex
	objects map[string][]byte
}

// newTown has an issuer that sits in both panels: the gateway of the settings.
func newTown(t *testing.T) (*town, config.Config) {
	t.Helper()
	w := &town{t: t, signer: chaintest.New(t, 1), objects: map[string][]byte{}}
	node := httptest.NewServer(w)
	t.Cleanup(node.Close)
	c := homeOf(t, w.signer, node.URL)
	operator, err := daemon.Operator(c)
	must(t, err)
	public := operator.Public()
	def := sample.Definition()
	def.Issuers[0].OperatorKey = public[:]
	w.id = election.DefinitionID(w.signer.Trust.ChainID(), def)
	w.objects["definition"] = ledger.MustEncode(def)
	w.phase(electionv1.Phase_PHASE_VOTING)
	return w, c
}

func (w *town) phase(p electionv1.Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects["zone/0"] = ledger.MustEncode(&electionv1.ZoneState{Phase: p})
}

func (w *town) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/status":
		_ = json.NewEncoder(to).Encode(api.Status{ChainID: w.signer.Trust.ChainID()})
	case fmt.Sprintf("/v1/elections/%x/proven", w.id):
		_ = json.NewEncoder(to).Encode(w.proven(strings.Split(r.URL.Query().Get("names"), ",")))
	default:
		to.WriteHeader(http.StatusNotFound)
	}
}

func (w *town) proven(names []string) *api.Proven {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer := &api.Proven{}
	var fields []merkle.Field
	for _, name := range slices.Sorted(maps.Keys(w.objects)) {
		h := sha256.Sum256(w.objects[name])
		answer.Fields = append(answer.Fields, api.Field{Name: name, SHA256: h[:]})
		fields = append(fields, merkle.Field{Name: name, Value: h[:]})
		if slices.Contains(names, name) {
			answer.Objects = append(answer.Objects, api.Object{Name: name, Bytes: w.objects[name]})
		}
	}
	leaf, err := merkle.Named(fields)
	must(w.t, err)
	root := leaf.Root()
	tree, err := merkle.Named([]merkle.Field{{Name: hex.EncodeToString(w.id[:]), Value: root[:]}})
	must(w.t, err)
	top, some := tree.Root(), make([]byte, 32)
	answer.Leaves = api.AppLeaves{LogRoot: some, StateDigest: some, ElectionsRoot: top[:], Rules: 1, TimeMS: 1}
	answer.ElectionProof = api.NamedProof{Size: 1}
	answer.Head = w.signer.Head(w.t, 9, answer.Leaves)
	return answer
}

func ceremony() daemon.Ceremony {
	return daemon.Ceremony{Present: []string{"A. Ivanova, secretary"}, Now: time.Unix(1_800_000_000, 0)}
}

// actions in the journal of a gateway.
func actions(t *testing.T, c config.Config) (list []string) {
	t.Helper()
	db, err := database.Open(context.Background(), c.Database)
	must(t, err)
	defer db.Close()
	must(t, journal.Read(context.Background(), db, 0, func(r journal.Row) error {
		list = append(list, r.Action)
		return nil
	}))
	_, _, err = journal.Holds(context.Background(), db, 0, [32]byte{})
	must(t, err)
	return list
}

// places runs a test with keys in files, and in a module if the variable
// URNA_TEST_PKCS11 names a library.
func places(t *testing.T, run func(t *testing.T, w *town, c config.Config)) {
	t.Helper()
	t.Run("files", func(t *testing.T) {
		w, c := newTown(t)
		run(t, w, c)
	})
	library := os.Getenv("URNA_TEST_PKCS11")
	if library == "" {
		return
	}
	t.Run("module", func(t *testing.T) {
		w, c := newTown(t)
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
		conf := filepath.Join(dir, "softhsm2.conf")
		must(t, os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", dir), 0o600))
		t.Setenv("SOFTHSM2_CONF", conf)
		out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "issuer", "--so-pin", "87654321", "--pin", "123456").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		c.HSM = config.HSM{Module: library, Token: "issuer", PINFile: filepath.Join(dir, "pin")}
		must(t, os.WriteFile(c.HSM.PINFile, []byte("123456\n"), 0o600))
		run(t, w, c)
	})
}

func TestMakingAndDestructionOfKeysAreRecorded(t *testing.T) {
	places(t, func(t *testing.T, w *town, c config.Config) {
		ctx := context.Background()
		made, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard)
		must(t, err)
		before, err := keyrecord.ReadFile(made.Record)
		must(t, err)
		if made.Keys != 2 || len(before.Keys) != 2 || before.Issuer != "issuer-1" || before.Kept != made.Place.Kind || before.Present[0] != "A. Ivanova, secretary" {
			t.Fatalf("%+v", before)
		}
		keeper, err := daemon.Keeper(c)
		must(t, err)
		defer keeper.Close()
		ring, err := keeper.Load(w.id)
		must(t, err)
		for i, slot := range ring.Slots() {
			if key, _ := ring.Key(slot); !bytes.Equal(before.Keys[i].Modulus, key.Public().Encode()) || before.Keys[i].Panel != slot.Panel {
				t.Fatal("the record names other keys")
			}
		}
		if _, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard); !errors.Is(err, keyring.ErrExists) {
			t.Fatal(err)
		}
		if _, err := daemon.DestroyKeys(ctx, c, w.id, ceremony()); !errors.Is(err, daemon.ErrNotOver) {
			t.Fatalf("destroyed while people vote: %v", err)
		}
		w.phase(electionv1.Phase_PHASE_FINAL)
		destroyed, err := daemon.DestroyKeys(ctx, c, w.id, ceremony())
		must(t, err)
		end, err := keyrecord.ReadFile(destroyed.Record)
		must(t, err)
		must(t, end.Ends(before))
		if len(end.Phases) != 1 || end.Phases[0] != "0 final" {
			t.Fatal(end.Phases)
		}
		if _, err := keeper.Load(w.id); !errors.Is(err, keyring.ErrNone) {
			t.Fatal(err)
		}
		if _, err := daemon.DestroyKeys(ctx, c, w.id, ceremony()); !errors.Is(err, keyring.ErrNone) {
			t.Fatal(err)
		}
		want := []string{"token keys made", "token keys to be destroyed", "token keys destroyed"}
		if got := actions(t, c); !slices.Equal(got, want) {
			t.Fatal(got)
		}
	})
}

// The program dies after the keys are gone and before that is recorded.
func TestADestructionThatACrashCutOffIsEnded(t *testing.T) {
	places(t, func(t *testing.T, w *town, c config.Config) {
		ctx := context.Background()
		made, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard)
		must(t, err)
		keeper, err := daemon.Keeper(c)
		must(t, err)
		defer keeper.Close()
		must(t, keeper.Destroy(w.id))
		w.phase(electionv1.Phase_PHASE_CANCELLED)
		destroyed, err := daemon.DestroyKeys(ctx, c, w.id, ceremony())
		must(t, err)
		before, err := keyrecord.ReadFile(made.Record)
		must(t, err)
		end, err := keyrecord.ReadFile(destroyed.Record)
		must(t, err)
		must(t, end.Ends(before))
	})
}

func TestARecordThatIsMissingIsMade(t *testing.T) {
	w, c := newTown(t)
	ctx := context.Background()
	made, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard)
	must(t, err)
	must(t, os.Remove(made.Record))
	r, err := daemon.KeyRecord(ctx, c, w.id, ceremony())
	must(t, err)
	again, err := keyrecord.ReadFile(made.Record)
	must(t, err)
	if len(r.Keys) != 2 || len(again.Keys) != 2 {
		t.Fatal(r)
	}
	// Keys that the record does not name are not destroyed under it.
	keeper, err := daemon.Keeper(c)
	must(t, err)
	must(t, keeper.Destroy(w.id))
	_, err = keeper.Make(ctx, w.id, []keyring.Slot{{Election: w.id}}, 2048, nil)
	must(t, err)
	w.phase(electionv1.Phase_PHASE_FINAL)
	if _, err := daemon.DestroyKeys(ctx, c, w.id, ceremony()); err == nil || !strings.Contains(err.Error(), "not in the record") {
		t.Fatal(err)
	}
	if _, err := keeper.Load(w.id); err != nil {
		t.Fatal(err)
	}
}

// directory is what lies beside the keys.
func directory(t *testing.T, c config.Config) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(c.TokenKeys)
	must(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(c.TokenKeys, e.Name()))
		must(t, err)
		found[e.Name()] = string(b)
	}
	return found
}

func TestKeysAreNeverMadeTwice(t *testing.T) {
	places(t, func(t *testing.T, w *town, c config.Config) {
		ctx := context.Background()
		_, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard)
		must(t, err)
		keeper, err := daemon.Keeper(c)
		must(t, err)
		defer keeper.Close()
		refused := func(want error) {
			t.Helper()
			before := directory(t, c)
			later := ceremony()
			later.Now = later.Now.Add(time.Hour)
			if _, err := daemon.MakeKeys(ctx, c, w.id, later, io.Discard); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			if !maps.Equal(before, directory(t, c)) {
				t.Error("a refused making changed the directory of the keys")
			}
			if _, err := keeper.Load(w.id); !errors.Is(err, keyring.ErrNone) {
				t.Errorf("keys were drawn: %v", err)
			}
		}
		must(t, keeper.Destroy(w.id)) // as if lost
		refused(daemon.ErrLost)
		w.phase(electionv1.Phase_PHASE_FINAL)
		_, err = daemon.DestroyKeys(ctx, c, w.id, ceremony())
		must(t, err)
		refused(daemon.ErrDestroyed)
	})
}

func TestKeysThatCameBackAreDestroyedAgain(t *testing.T) {
	w, c := newTown(t)
	ctx := context.Background()
	made, err := daemon.MakeKeys(ctx, c, w.id, ceremony(), io.Discard)
	must(t, err)
	copied, err := os.ReadFile(made.Place.Where)
	must(t, err)
	w.phase(electionv1.Phase_PHASE_FINAL)
	_, err = daemon.DestroyKeys(ctx, c, w.id, ceremony())
	must(t, err)
	recorded := directory(t, c)
	must(t, os.WriteFile(made.Place.Where, copied, 0o600))
	again, err := daemon.DestroyKeys(ctx, c, w.id, ceremony())
	must(t, err)
	if again.Keys != 2 || !maps.Equal(recorded, directory(t, c)) {
		t.Error("the copy is still there, or a record changed")
	}
	if got := actions(t, c); !slices.Equal(got[3:], []string{"token keys to be destroyed", "token keys destroyed"}) {
		t.Error(got)
	}
	// Others than the recorded keys are not passed over in silence.
	keeper, err := daemon.Keeper(c)
	must(t, err)
	defer keeper.Close()
	_, err = keeper.Make(ctx, w.id, []keyring.Slot{{Election: w.id}}, 2048, nil)
	must(t, err)
	if _, err := daemon.DestroyKeys(ctx, c, w.id, ceremony()); err == nil || errors.Is(err, keyring.ErrNone) || !strings.Contains(err.Error(), "others are here") {
		t.Error(err)
	}
}
