package daemon_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

var electionID = [32]byte{5}

// home is a gateway's directory as "init", "keys make" and "codes import" leave it.
func home(t *testing.T) config.Config {
	t.Helper()
	s := chaintest.New(t, 1)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/status" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(api.Status{ChainID: s.Trust.ChainID()})
	}))
	t.Cleanup(node.Close)
	return homeOf(t, s, node.URL)
}

// homeOf is a gateway's directory as "init" leaves it.
func homeOf(t *testing.T, s *chaintest.Signer, node string) config.Config {
	t.Helper()
	dir := t.TempDir()
	identity, err := keyring.NewIdentityFile()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "identity.txt"), identity, 0o600))
	_, err = keyfile.Create(filepath.Join(dir, "operator.json"), rand.Reader)
	must(t, err)
	c := config.Default()
	c.Name, c.Listen, c.Nodes, c.Genesis = "issuer-1", "127.0.0.1:0", []string{node}, s.Genesis
	file := filepath.Join(dir, config.FileName)
	must(t, os.WriteFile(file, c.Marshal(), 0o600))
	c, err = config.Load(file, nil)
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeKeys writes a key file.
func makeKeys(t *testing.T, c config.Config) {
	t.Helper()
	ring, err := keyring.Make(context.Background(), []keyring.Slot{{Election: electionID}}, blindtoken.DefaultBits, 1, nil)
	must(t, err)
	lock, err := daemon.Lock(c)
	must(t, err)
	sealed, err := ring.Seal(lock)
	must(t, err)
	must(t, os.MkdirAll(c.TokenKeys, 0o700))
	must(t, os.WriteFile(filepath.Join(c.TokenKeys, fmt.Sprintf("%x%s", electionID, keyring.Suffix)), sealed, 0o600))
}

// makeCodes writes an issuer's directory of the roster for two voters.
func makeCodes(t *testing.T, dir string) {
	t.Helper()
	def := &electionv1.Definition{Styles: []*electionv1.Style{{Name: "a"}}}
	e, err := roster.Enrol(rand.Reader, "c", electionID, def, []roster.Voter{{ID: "ann"}, {ID: "bob"}})
	must(t, err)
	must(t, roster.WritePassesFile(dir, e.Passes("issuer-1")))
	n, err := daemon.IssueCodes(dir, electionID)
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	must(t, err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	must(t, err)
	return response.StatusCode, body.String()
}

func TestGatewayIsHealthyWithinASecondAndStopsCleanly(t *testing.T) {
	c := home(t)
	makeKeys(t, c)
	dir := t.TempDir()
	makeCodes(t, dir)
	added, all, err := daemon.ImportCodes(context.Background(), c, dir)
	if err != nil || added != 2 || all != 2 {
		t.Fatal(added, all, err)
	}
	if added, _, err = daemon.ImportCodes(context.Background(), c, dir); err != nil || added != 0 {
		t.Fatal("a second import adds something:", added, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	begun := time.Now()
	go func() {
		ended <- daemon.Serve(ctx, c, slog.New(slog.DiscardHandler), func(a net.Addr) { listening <- a })
	}()
	var base string
	select {
	case a := <-listening:
		base = "http://" + a.String()
	case err := <-ended:
		t.Fatal(err)
	}
	if status, _ := get(t, base+"/v1/health"); status != http.StatusOK || time.Since(begun) > time.Second {
		t.Fatalf("status %d after %s", status, time.Since(begun))
	}
	if status, body := get(t, base+"/v1/ready"); status != http.StatusOK {
		t.Fatal(status, body)
	}
	if _, body := get(t, base+"/v1/info"); !strings.Contains(body, `"elections":["0500`) || !strings.Contains(body, "issuer-1") {
		t.Fatal(body)
	}
	cancel()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(5 * time.Second):
		t.Fatal("does not stop")
	}
}

func TestAnotherAccessKeyIsRefused(t *testing.T) {
	c := home(t)
	first, second := t.TempDir(), t.TempDir()
	makeCodes(t, first)
	makeCodes(t, second)
	_, _, err := daemon.ImportCodes(context.Background(), c, first)
	must(t, err)
	if _, _, err := daemon.ImportCodes(context.Background(), c, second); err == nil || !strings.Contains(err.Error(), "another access key") {
		t.Fatal(err)
	}
}

func TestFilesOthersCanReadAreRefused(t *testing.T) {
	c := home(t)
	makeKeys(t, c)
	must(t, os.Chmod(c.Identity, 0o644))
	keeper, err := daemon.Keeper(c)
	must(t, err)
	if _, err := keeper.All(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatal(err)
	}
}

func TestKeysAreNotMadeTwice(t *testing.T) {
	c := home(t)
	makeKeys(t, c)
	if _, err := daemon.MakeKeys(context.Background(), c, electionID, daemon.Ceremony{Now: time.Now()}, nil); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Fatal(err)
	}
}
