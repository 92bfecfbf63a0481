package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// run executes one of the built programs to its end and returns what it
// printed. A failure carries the end of its standard error.
func (d *demo) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	return d.runWith(ctx, nil, program, args...)
}

// runWith is run with more in the environment.
func (d *demo) runWith(ctx context.Context, environ []string, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.options.bin, program), args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	cmd.Env = append(os.Environ(), environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args[:min(2, len(args))], " "), err, tail(errors.Bytes(), 2000))
	}
	return out.Bytes(), nil
}

// process is a program that runs beside the demo.
type process struct {
	cmd  *exec.Cmd
	done chan error
	log  string
}

// start runs a program until it is stopped or ends; its output goes to a log.
func (d *demo) start(name, program string, args ...string) (*process, error) {
	return d.startWith(nil, name, program, args...)
}

// startWith is start with more in the environment.
func (d *demo) startWith(environ []string, name, program string, args ...string) (*process, error) {
	path := filepath.Join(d.options.dir, "logs", name+".log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(d.options.bin, program), args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if d.options.keep {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{cmd: cmd, done: make(chan error, 1), log: path}
	go func() { p.done <- cmd.Wait(); close(p.done) }()
	return p, nil
}

// wait returns when the program ended; its log says why it failed.
func (p *process) wait(ctx context.Context) error {
	select {
	case err := <-p.done:
		if err != nil {
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%w; end of %s:\n%s", err, p.log, tail(text, 2000))
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop ends a program: politely, or at once.
func (p *process) stop(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal) // it may have ended already
	<-p.done
}

func tail(b []byte, n int) string {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return strings.TrimSpace(string(b))
}
