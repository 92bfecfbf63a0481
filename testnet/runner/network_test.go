package runner_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/keyfile"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/testnet/runner"
	"github.com/urna-vote/urna/testnet/sample"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// built is urnad, built once for all tests.
var built = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(scratch, "urnad")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/urna-vote/urna/cmd/urnad").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build urnad: %w\n%s", err, out)
	}
	return binary, nil
})

var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "urna-runner-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch) // what is left is in the system's own directory
	os.Exit(code)
}

func build(t *testing.T) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// cluster is a network and two members of its commission.
type cluster struct {
	*runner.Network
	client  *client.Client
	offices []commission.Office
}

func start(t *testing.T) *cluster {
	t.Helper()
	m := manifest.Default(time.Now())
	m.Members, m.Quorum, m.TimeoutCommit = 3, 2, 200*time.Millisecond
	return startIn(t, filepath.Join(t.TempDir(), "net"), m)
}

// startIn runs the network of a directory, or one of the manifest.
func startIn(t *testing.T, dir string, m manifest.Manifest) *cluster {
	t.Helper()
	n, err := runner.Start(t.Context(), runner.Spec{Binary: build(t), Dir: dir, Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{Network: n}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	genesis, err := os.ReadFile(n.Genesis())
	if err != nil {
		t.Fatal(err)
	}
	trust, err := chain.ParseTrust(genesis)
	if err != nil {
		t.Fatal(err)
	}
	if c.client, err = client.New(client.Config{Nodes: n.URLs(), Trust: trust}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.Close)
	written, err := manifest.Load(n.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range written.Commission[:2] {
		key, err := keyfile.Load(filepath.Join(n.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		c.offices = append(c.offices, commission.Office{Client: c.client, ChainID: n.ChainID, Key: key, Now: time.Now, Random: rand.Reader})
	}
	return c
}

// elect makes an election with two signatures and returns its id.
func (c *cluster) elect(ctx context.Context, t *testing.T, nonce byte) [32]byte {
	t.Helper()
	def := sample.Election(time.Now().Add(time.Hour), nonce)
	id, err := c.offices[0].Propose(ctx, commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: def}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.offices[1].Approve(ctx, id); err != nil {
		t.Fatal(err)
	}
	return election.ID(c.ChainID, ledger.MustEncode(def))
}

// agree compares the application hash of one height on all nodes.
func (c *cluster) agree(ctx context.Context, t *testing.T) {
	t.Helper()
	for {
		hashes := map[int64]map[string]bool{}
		for i := range c.Len() {
			s, err := c.Status(ctx, i)
			if err != nil {
				t.Fatal(err)
			}
			if hashes[s.Height] == nil {
				hashes[s.Height] = map[string]bool{}
			}
			hashes[s.Height][s.AppHash.String()] = true
		}
		for height, at := range hashes {
			if len(at) > 1 {
				t.Fatalf("at height %d there are %d application hashes", height, len(at))
			}
		}
		if len(hashes) == 1 {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the nodes are never at one height: %v", hashes)
		}
	}
}

// provenBy reads an election's definition from one node and checks its proof.
func (c *cluster) provenBy(ctx context.Context, t *testing.T, node int, id [32]byte) {
	t.Helper()
	one, err := client.New(client.Config{Nodes: []string{c.Node(node).APIURL}, Trust: c.client.Trust()})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for ctx.Err() == nil {
		if _, err = one.Proven(ctx, id, "definition"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s proves nothing of election %x: %v", c.Node(node).Name, id[:4], err)
}

// Four validators and an observer as real processes: one validator and the
// observer are killed without warning, the others go on, and all come to one
// state.
func TestNetworkOutlivesAKilledValidatorAndObserver(t *testing.T) {
	c := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	first := c.elect(ctx, t, 1)
	c.provenBy(ctx, t, 4, first)
	c.agree(ctx, t)

	if err := c.Kill9(3); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill9(4); err != nil {
		t.Fatal(err)
	}
	second := c.elect(ctx, t, 2)
	status, err := c.Status(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(ctx, 3); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(ctx, 4); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitHeight(ctx, status.Height+2); err != nil {
		t.Fatal(err)
	}
	for node := range c.Len() {
		c.provenBy(ctx, t, node, first)
		c.provenBy(ctx, t, node, second)
	}
	c.agree(ctx, t)
	c.haltsWithoutAQuorum(ctx, t)
	c.agree(ctx, t)
}

// haltsWithoutAQuorum stops two of four validators: nothing is committed until
// one is back.
func (c *cluster) haltsWithoutAQuorum(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := c.Terminate(2); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill9(3); err != nil {
		t.Fatal(err)
	}
	height := func() int64 {
		s, err := c.Status(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		return s.Height
	}
	time.Sleep(time.Second) // a block may have been decided
	before := height()
	time.Sleep(2 * time.Second)
	if after := height(); after != before {
		t.Errorf("two of four validators went from height %d to %d", before, after)
	}
	for _, i := range []int{2, 3} {
		if err := c.Restart(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.WaitHeight(ctx, before+2); err != nil {
		t.Fatal(err)
	}
}

func TestProgramThatIsNotThereIsReported(t *testing.T) {
	m := manifest.Default(time.Now())
	m.Validators, m.Observers = 1, 0
	n, err := runner.Start(t.Context(), runner.Spec{Binary: filepath.Join(t.TempDir(), "none"), Dir: filepath.Join(t.TempDir(), "net"), Manifest: m})
	if err == nil || n != nil || !strings.Contains(err.Error(), "validator0") {
		t.Errorf("%v, %v", n, err)
	}
}

func TestNodeThatCannotStartIsReportedWithItsLog(t *testing.T) {
	m := manifest.Default(time.Now())
	m.Validators, m.Observers = 1, 0
	dir := filepath.Join(t.TempDir(), "net")
	if _, err := manifest.Write(t.Context(), dir, m, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "validator0", "data", "validator_state.json")); err != nil {
		t.Fatal(err)
	}
	_, err := runner.Start(t.Context(), runner.Spec{Binary: build(t), Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "sign twice") {
		t.Errorf("%v", err)
	}
}
