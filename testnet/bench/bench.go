package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	options options
	results *results
	out     io.Writer
	failed  []string
	floors  []floorRun
}

// marker names a folder that this program may remove.
const marker = ".urna-bench"

// begin empties the folder of networks and notes what is measured where.
func (b *bench) begin() error {
	entries, err := os.ReadDir(b.options.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.options.dir, marker)); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s holds something that is not of this program: name another folder with --dir", b.options.dir)
	}
	if err := os.RemoveAll(b.options.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.options.dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.options.dir, marker), []byte("networks of urna-bench; removed by the next run\n"), 0o644); err != nil {
		return err
	}
	b.results.set("machine", machine())
	b.results.set("commit", output("git", "describe", "--always", "--dirty"))
	b.results.set("date", time.Now().UTC().Format(time.RFC3339))
	return b.results.save()
}

// stage runs one part, keeps its figures and goes on if it fails.
func (b *bench) stage(ctx context.Context, name, title string, do func(context.Context) error) {
	if ctx.Err() != nil {
		return
	}
	fmt.Fprintf(b.out, "[%s] %s\n", name, title)
	begun := time.Now()
	err := do(ctx)
	took := time.Since(begun).Seconds()
	b.results.set("seconds_"+name, round(took))
	if err != nil && ctx.Err() == nil {
		b.failed = append(b.failed, name)
		fmt.Fprintf(b.out, "[%s] FAILED after %.0f s: %v\n", name, took, err)
	} else {
		fmt.Fprintf(b.out, "[%s] %.0f s\n", name, took)
	}
	if err := b.results.save(); err != nil {
		fmt.Fprintf(b.out, "[%s] %v\n", name, err)
	}
}

// say prints a line within a stage.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, "    "+format+"\n", args...) }

func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.options.dir}, parts...)...)
}

// machine describes where the figures come from.
func machine() map[string]any {
	cpu := "unknown"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	return map[string]any{
		"cpu": cpu, "cores": runtime.NumCPU(), "memory_gib": memoryGiB(), "os": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(),
	}
}

func memoryGiB() float64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kib float64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %f kB", &kib); err != nil {
		return 0
	}
	return round(kib / (1 << 20))
}

// output of a small command, "" if it fails.
func output(name string, args ...string) string {
	text, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// usage of a program that ran to its end.
type usage struct {
	wall, cpu time.Duration
	rssMB     float64
	out       []byte
}

// measure runs a built program and says what it took.
func (b *bench) measure(ctx context.Context, program string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(b.options.bin, program), args...)
	var out bytes.Buffer
	var failure strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &failure
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, fmt.Errorf("start %s: %w", program, err)
	}
	peak := watchPeak(cmd.Process.Pid)
	err := cmd.Wait()
	u := usage{
		wall: time.Since(begun), out: out.Bytes(), rssMB: peak(),
		cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
	if err != nil {
		text := failure.String()
		return u, fmt.Errorf("%s %s: %w: %s", program, strings.Join(args[:min(2, len(args))], " "), err, text[max(0, len(text)-1000):])
	}
	return u, nil
}

// size of a folder's files by the blocks they take, without those in skipped
// folders.
func size(dir string, skip ...string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // a store has just removed it
		}
		if err != nil {
			return err
		}
		for _, s := range skip {
			if entry.IsDir() && path == s {
				return filepath.SkipDir
			}
		}
		info, err := entry.Info()
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		total += onDisk(info)
		return nil
	})
	return total, err
}
