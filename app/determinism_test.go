package app_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/crypto/sign"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Environment of a child that replays a chain.
const (
	envChain   = "URNA_TEST_CHAIN"
	envDir     = "URNA_TEST_DIR"
	envOut     = "URNA_TEST_OUT"
	envMode    = "URNA_TEST_MODE"
	envWorkers = "URNA_TEST_WORKERS"
)

func TestMain(m *testing.M) {
	if os.Getenv(envChain) != "" {
		if err := replay(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// chain is what children replay.
type chainFile struct {
	Genesis string
	Blocks  []recordedBlock
}

// noisemaker makes transactions of members and of troublemakers.
type noisemaker struct {
	w         *world
	rng       *rand.Rand
	perBlock  int
	proposals [][32]byte // not yet approved twice
	fresh     [][32]byte // proposed in the block being made
	committed [][]byte
	pool      [][]byte // of good transactions of other kinds
}

// make gives a block's noise: 30 % of it is bad.
func (z *noisemaker) make() [][]byte {
	z.proposals, z.fresh = append(z.proposals, z.fresh...), nil
	var out [][]byte
	for len(out) < z.perBlock {
		switch n := z.rng.IntN(100); {
		case n < 30:
			out = append(out, z.bad())
		case n < 65 || len(z.proposals) == 0:
			raw, id := z.propose(z.w.members[0])
			z.fresh = append(z.fresh, id)
			z.committed = append(z.committed, raw)
			out = append(out, raw)
		default:
			i := z.rng.IntN(len(z.proposals))
			id := z.proposals[i]
			z.proposals[i] = z.proposals[len(z.proposals)-1]
			z.proposals = z.proposals[:len(z.proposals)-1]
			out = append(out, z.approve(id, z.w.members[1+z.rng.IntN(2)]))
		}
	}
	z.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (z *noisemaker) propose(k sign.PrivateKey) ([]byte, [32]byte) {
	entry := sha256.Sum256(ledger.U64(z.rng.Uint64()))
	p := z.w.proposal(commissionv1.Action_ACTION_REMOVE_ENTRIES, &rollv1.RemoveEntries{ElectionId: z.w.id[:], Entries: [][]byte{entry[:]}, Reason: "moved away"})
	return z.w.sign(txv1.Kind_KIND_PROPOSE, &commissionv1.Propose{Proposal: p}, k), commission.ProposalID(chainID, p)
}

func (z *noisemaker) approve(id [32]byte, k sign.PrivateKey) []byte {
	return z.w.sign(txv1.Kind_KIND_APPROVE, &commissionv1.Approve{ProposalId: id[:]}, k)
}

// bad makes a transaction that is refused.
func (z *noisemaker) bad() []byte {
	w, rng := z.w, z.rng
	stranger := worldKey("stranger", rng.IntN(100))
	var unknown [32]byte = sha256.Sum256(ledger.U64(rng.Uint64()))
	good, _ := z.propose(w.members[2])
	switch rng.IntN(10) {
	case 0:
		return altered(good, rng.IntN(len(good)))
	case 1:
		if len(z.committed) > z.perBlock {
			return z.committed[rng.IntN(len(z.committed)-z.perBlock)]
		}
		return altered(good, -1)
	case 2:
		return z.approve(unknown, w.members[rng.IntN(4)])
	case 3:
		raw, _ := z.propose(stranger)
		return raw
	case 4:
		raw, err := envelope.Encode("another-0011223344556677", uint32(txv1.Kind_KIND_APPROVE), ledger.MustEncode(&commissionv1.Approve{ProposalId: unknown[:]}), w.members[0])
		w.ok(err)
		return raw
	case 5:
		return append(good, byte(rng.IntN(256)))
	case 6:
		return fmt.Appendf(nil, "noise %d", rng.Uint64())
	case 7:
		return w.sign(txv1.Kind_KIND_STAGE_ROLL, &rollv1.StageRoll{ElectionId: w.id[:], From: 1 << 40, Entries: unknown[:]}, w.members[0])
	case 8:
		return w.unsigned(txv1.Kind_KIND_PROPOSE, &commissionv1.Approve{ProposalId: unknown[:]})
	default:
		return z.spoil(stranger)
	}
}

// spoil makes something bad of a good token or ballot.
func (z *noisemaker) spoil(stranger sign.PrivateKey) []byte {
	if len(z.pool) == 0 {
		return []byte{}
	}
	raw := z.pool[z.rng.IntN(len(z.pool))]
	if z.rng.IntN(3) == 0 {
		return altered(raw, z.rng.IntN(len(raw)))
	}
	tx, err := envelope.Decode(raw, chainID)
	z.w.ok(err)
	if len(tx.Signer) == 0 {
		return altered(raw, -1-z.rng.IntN(60))
	}
	copied, err := envelope.Encode(chainID, tx.Kind, tx.Body, stranger)
	z.w.ok(err)
	return copied
}

// makeChain runs an election with noise in every block.
func makeChain(t *testing.T) chainFile {
	w := newWorld(t, true)
	defer w.n.close()
	w.create()
	z := &noisemaker{w: w, rng: rand.New(rand.NewPCG(1, 2)), perBlock: 120}
	w.noise = z.make
	w.makeKey()
	w.stage(150)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var voters []*voter
	for style := range w.entries {
		for from := 0; from < 140; from += 35 {
			var issues [][]byte
			for i := range 35 {
				v := w.voter(uint32(style), from+i)
				voters, issues = append(voters, v), append(issues, w.issue(v))
			}
			w.must(issues...)
			z.pool = append(z.pool, issues...)
		}
	}
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	forms := w.forms()
	for from := 0; from < len(voters); from += 40 {
		var casts [][]byte
		for i, v := range voters[from:min(from+40, len(voters))] {
			w.collect(v)
			casts = append(casts, w.cast(forms[v.style], v, i%2))
		}
		w.must(casts...)
		z.pool = append(z.pool, casts...)
	}
	var again [][]byte
	for _, v := range voters[:60] {
		again = append(again, w.cast(forms[v.style], v, 1))
	}
	w.block(2_000)
	w.must(again...)
	w.count()
	for total(w.blocks) < 10_000 {
		w.block(1_000)
	}
	return chainFile{Genesis: worldGenesis(), Blocks: w.blocks}
}

func total(blocks []recordedBlock) int {
	n := 0
	for _, b := range blocks {
		n += len(b.Candidates)
	}
	return n
}

// T1: at least 10,000 transactions, 30 % of them bad, through processes that
// differ in cores, collector, time zone and way: full proposals, catching up
// alone, and killed before and after commits again and again. All come to the
// same verdicts, results and application hashes at every height.
func TestProcessesOfEveryKindComeToTheSameHashes(t *testing.T) {
	c := makeChain(t)
	n, in := total(c.Blocks), 0
	for _, b := range c.Blocks {
		in += len(b.Txs)
	}
	if n < 10_000 || in > n*3/4 || in < n/2 {
		t.Fatalf("%d candidates, %d accepted: not the mixture that is wanted", n, in)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "chain.gob")
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	children := []struct {
		name, mode string
		env        []string
		crashes    []int
	}{
		{"one core", "full", []string{"GOMAXPROCS=1", "GOGC=20", "TZ=Asia/Kamchatka", envWorkers + "=1"}, nil},
		{"many workers", "full", []string{"GOMAXPROCS=4", "GOGC=off", "GOMEMLIMIT=1GiB", "TZ=America/St_Johns", envWorkers + "=7"}, nil},
		{"catching up", "catchup", []string{"GOMAXPROCS=2", "GOGC=400", "TZ=UTC", envWorkers + "=2"}, nil},
		{"killed at commits", "full", []string{"GOMAXPROCS=2", "TZ=Europe/Moscow", envWorkers + "=3"}, []int{0, 1, 2, 17, 36, 41}},
	}
	var wg sync.WaitGroup
	for _, child := range children {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out := filepath.Join(dir, strings.ReplaceAll(child.name, " ", "-")+".out")
			env := append([]string{
				envChain + "=" + path, envDir + "=" + out + ".d", envOut + "=" + out, envMode + "=" + child.mode,
				"HOME=" + dir, "PATH=" + os.Getenv("PATH"),
			}, child.env...)
			for _, at := range child.crashes {
				if err := runChild(append(env, "FAIL_TEST_INDEX="+strconv.Itoa(at))); err == nil {
					t.Errorf("%s: did not die at fail point %d", child.name, at)
				}
			}
			if err := runChild(env); err != nil {
				t.Errorf("%s: %v", child.name, err)
				return
			}
			compareOutput(t, child.name, out, c.Blocks)
		}()
	}
	wg.Wait()
}

func runChild(env []string) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// line is what a node says of a height.
func line(height int, appHash []byte, results [][]byte, verdicts []string) string {
	sum := func(parts ...[]byte) [32]byte { return sha256.Sum256(bytes.Join(parts, []byte{'|'})) }
	return fmt.Sprintf("%d %x %x %x", height, appHash, sum(results...), sum([]byte(strings.Join(verdicts, ","))))
}

func compareOutput(t *testing.T, name, out string, blocks []recordedBlock) {
	f, err := os.Open(out)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	last := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		height, _, _ := strings.Cut(lines.Text(), " ")
		if was, again := last[height]; again && was != lines.Text() {
			t.Errorf("%s: height %s decided again: %s, before %s", name, height, lines.Text(), was)
		}
		last[height] = lines.Text()
	}
	if len(last) != len(blocks) {
		t.Errorf("%s: %d heights, want %d", name, len(last), len(blocks))
	}
	for i, b := range blocks {
		if got, want := last[strconv.Itoa(i+1)], line(i+1, b.AppHash, b.Results, b.Verdicts); got != want {
			t.Errorf("%s: height %d: %s, want %s", name, i+1, got, want)
			return
		}
	}
}

// replay is a child: it goes on from the height at which its directory stands,
// as the engine does after a crash.
func replay() error {
	var c chainFile
	f, err := os.Open(os.Getenv(envChain))
	if err != nil {
		return err
	}
	if err := gob.NewDecoder(bufio.NewReader(f)).Decode(&c); err != nil {
		return err
	}
	workers, err := strconv.Atoi(os.Getenv(envWorkers))
	if err != nil {
		return err
	}
	a, err := app.New(app.Config{Dir: os.Getenv(envDir), ChainID: chainID, Workers: workers, CacheBytes: 8 << 20})
	if err != nil {
		return err
	}
	info, err := a.Info(ctx, &abci.RequestInfo{})
	if err != nil {
		return err
	}
	if info.LastBlockHeight == 0 {
		if _, err := a.InitChain(ctx, &abci.RequestInitChain{ChainId: chainID, Time: time.UnixMilli(startMS), AppStateBytes: []byte(c.Genesis)}); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(os.Getenv(envOut), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for i := int(info.LastBlockHeight); i < len(c.Blocks); i++ {
		if err := replayBlock(a, i+1, c.Blocks[i], out); err != nil {
			return fmt.Errorf("height %d: %w", i+1, err)
		}
	}
	return errors.Join(out.Close(), a.Close())
}

func replayBlock(a *app.App, height int, b recordedBlock, out *os.File) error {
	h, at := int64(height), time.UnixMilli(b.TimeMS)
	said := b.Verdicts
	if os.Getenv(envMode) == "full" {
		said = nil
		for _, raw := range b.Candidates {
			r, err := checked(a, raw)
			if err != nil {
				return err
			}
			said = append(said, fmt.Sprintf("%s/%d", r.Codespace, r.Code))
		}
		prepared, err := a.PrepareProposal(ctx, &abci.RequestPrepareProposal{Txs: b.Candidates, MaxTxBytes: roomOfBlocks, Height: h, Time: at})
		if err != nil {
			return err
		}
		if !bytes.Equal(bytes.Join(prepared.Txs, nil), bytes.Join(b.Txs, nil)) {
			return fmt.Errorf("another proposal: %d transactions, not %d", len(prepared.Txs), len(b.Txs))
		}
		if r, err := a.ProcessProposal(ctx, &abci.RequestProcessProposal{Txs: b.Txs, Height: h, Time: at}); err != nil || !r.IsAccepted() {
			return fmt.Errorf("proposal refused: %w", err)
		}
	}
	r, err := a.FinalizeBlock(ctx, &abci.RequestFinalizeBlock{Txs: b.Txs, Height: h, Time: at})
	if err != nil {
		return err
	}
	var results [][]byte
	for _, res := range r.TxResults {
		m, err := res.Marshal()
		if err != nil {
			return err
		}
		results = append(results, m)
	}
	if _, err := fmt.Fprintln(out, line(height, r.AppHash, results, said)); err != nil {
		return err
	}
	_, err = a.Commit(ctx, &abci.RequestCommit{})
	return err
}
