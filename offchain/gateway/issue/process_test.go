package issue_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urna-vote/urna/internal/sample"
	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
)

// A test starts gateways as processes of this binary, told by variables what they
// are and where they are killed.
const (
	childVariable = "URNA_TEST_GATEWAY"
	diesVariable  = "URNA_TEST_GATEWAY_DIES"
)

// Points at which a gateway's process is killed by a signal that it cannot catch.
const (
	beforeRecord = "before the record"
	beforeAnswer = "before the answer"
	inAnswer     = "in the answer"
	nowhere      = ""
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		if err := serveChild([]byte(text), os.Getenv(diesVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is what a gateway's process is made of.
type child struct {
	Database  string
	Keys      string
	Identity  string
	AccessKey string
	// Ledger is the address of the test's own.
	Ledger string
}

func serveChild(text []byte, dies string) error {
	var c child
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	identity, err := os.ReadFile(c.Identity)
	if err != nil {
		return err
	}
	ring, err := keyring.NewFiles(c.Keys, func() (*keyring.Lock, error) { return keyring.IdentityLock(identity) }).All()
	if err != nil {
		return err
	}
	key, err := roster.LoadKey(c.AccessKey)
	if err != nil {
		return err
	}
	db, err := database.Open(context.Background(), c.Database)
	if err != nil {
		return err
	}
	store := register.New(db)
	gateway := issue.New(issue.Config{
		ChainID: chainID, Operator: sample.Key("issuer-0"), Keys: ring, Store: store,
		Auth: mortal{auth.NewCodes(key, store, time.Now), dies}, Ledger: remote(c.Ledger),
	})
	handler, err := gatewayapi.New(gatewayapi.Config{
		Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: gateway}}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(&dying{ResponseWriter: w, dies: dies}, r)
	}))
}

// die ends the process as a loss of power does.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// mortal dies in the transaction that would bind the record.
type mortal struct {
	auth.Authenticator
	dies string
}

func (m mortal) Decide(tx *register.Tx, c auth.Claim) (auth.Verdict, error) {
	if m.dies == beforeRecord {
		die()
	}
	return m.Authenticator.Decide(tx, c)
}

// dying dies when an answer begins, or in its middle.
type dying struct {
	http.ResponseWriter
	dies string
}

func (d *dying) WriteHeader(status int) {
	if d.dies == beforeAnswer {
		die()
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *dying) Write(b []byte) (int, error) {
	if d.dies == beforeAnswer {
		die()
	}
	if d.dies != inAnswer {
		return d.ResponseWriter.Write(b)
	}
	_, _ = d.ResponseWriter.Write(b[:len(b)/2]) // half reaches the client, or nothing
	_ = http.NewResponseController(d.ResponseWriter).Flush()
	time.Sleep(20 * time.Millisecond)
	die()
	return 0, nil
}

// remote is the test's ledger, asked from another process.
type remote string

func (r remote) ask(ctx context.Context, path string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, string(r)+path, nil)
	if err != nil {
		return nil, 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return b, response.StatusCode, err
}

func (r remote) Definition(_ context.Context, id [32]byte) (*electionv1.Definition, error) {
	if id != electionID {
		return nil, issue.ErrUnknownElection
	}
	return sample.Definition(), nil
}

func (r remote) Standing(ctx context.Context, _ [32]byte, _ uint32, _ [32]byte) (s issue.Standing, err error) {
	b, _, err := r.ask(ctx, "/standing")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

func (r remote) Token(ctx context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	b, status, err := r.ask(ctx, "/token/"+hex.EncodeToString(hash[:]))
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, issue.ErrNotOnRecord
	}
	return issuance.DecodeIssueToken(b)
}

// process is a running gateway.
type process struct {
	cmd     *exec.Cmd
	address string
}

// start runs a gateway until the test ends or it dies.
func (c child) start(t *testing.T, dies string) *process {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(text), diesVariable+"="+dies)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("gateway does not start:", err)
	}
	p.address = "http://" + strings.TrimSpace(line)
	return p
}

// kill ends the process, if it did not end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be dead
	_ = p.cmd.Wait()         // killed
}

var errNoAnswer = errors.New("no whole answer")

// post asks and wants a whole answer.
func (p *process) post(path string, in, out any) (status int, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Post(p.address+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return response.StatusCode, nil
}
