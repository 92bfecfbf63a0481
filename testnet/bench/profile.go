package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

// profiles takes CPU and heap profiles of a validator under load and of the
// verification of ballots, into a folder, with the dearest functions as text.
func (b *bench) profiles(ctx context.Context) error {
	dir := filepath.Join(filepath.Dir(b.options.out), "profiles")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cpu, heap := filepath.Join(dir, "verify-cpu.pprof"), filepath.Join(dir, "verify-heap.pprof")
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkBallotAllChecks$/^options=10$/^k=1$/^batch=1024$", "-benchtime", "5s", "-cpu", "1",
		"-cpuprofile", cpu, "-memprofile", heap, "-o", filepath.Join(dir, "verify.test"), "./crypto/bench")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("profile verification: %w: %s", err, out)
	}
	if err := b.profileValidator(ctx, dir); err != nil {
		return err
	}
	for _, name := range []string{"verify-cpu", "verify-heap", "validator-cpu", "validator-heap"} {
		sample := "cpu"
		if filepath.Ext(name) == "" && name[len(name)-4:] == "heap" {
			sample = "alloc_space"
		}
		out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount=60", "-sample_index="+sample, filepath.Join(dir, name+".pprof")).Output()
		if err != nil {
			return fmt.Errorf("list %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), out, 0o644); err != nil {
			return err
		}
		b.say("%s", filepath.Join(dir, name+".txt"))
	}
	return nil
}

// profiled seconds of a validator.
const profiled = 10

func (b *bench) profileValidator(ctx context.Context, dir string) (err error) {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if err := os.Setenv("PPROF_LISTEN", address); err != nil {
		return err
	}
	t, err := b.start(ctx, stage.Spec{Dir: b.path("profile"), Program: "urna-profiled", Validators: 1}, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	n := b.options.sizes[len(b.options.sizes)-1]
	if _, err := t.open(ctx, n, 0); err != nil {
		return err
	}
	if _, err := t.issue(ctx, n); err != nil {
		return err
	}
	group, each := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := t.play(each, "ballots while the profile is taken", load.Play{List: &t.file.Ballots, To: n, Wait: 5 * time.Minute})
		return err
	})
	group.Go(func() error {
		return fetchTo(each, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, profiled), filepath.Join(dir, "validator-cpu.pprof"))
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return fetchTo(ctx, "http://"+address+"/debug/pprof/heap", filepath.Join(dir, "validator-heap.pprof"))
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func fetchTo(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("fetch profile: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch profile: %s: %w", resp.Status, errors.Join(err))
	}
	return os.WriteFile(path, raw, 0o644)
}
