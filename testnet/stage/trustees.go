package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// counting is a trustee's program that waits for the close.
type counting struct {
	cmd  *exec.Cmd
	err  bytes.Buffer
	done chan error
}

// TrusteesOnline starts the programs of as many trustees as decrypt. They verify
// the voting while it goes on; it returns when they are in step with it.
func (e *Election) TrusteesOnline(ctx context.Context) error {
	for i := range threshold {
		args := append([]string{"trustee", "decrypt", "--wait", "--yes", "--home", e.trustees[i], "--election", e.name(), "--zone", "0"}, e.network.where(i)...)
		c := &counting{cmd: exec.CommandContext(ctx, filepath.Join(e.network.Bin, "urna"), args...), done: make(chan error, 1)}
		c.cmd.Stderr = &c.err
		if err := c.cmd.Start(); err != nil {
			return fmt.Errorf("start trustee: %w", err)
		}
		go func() { c.done <- c.cmd.Wait() }()
		e.counting = append(e.counting, c)
	}
	return e.inStep(ctx)
}

// A program that is in step has little to do: less than a quarter of a core in
// each of so many seconds.
const (
	idleSeconds = 3
	idleTicks   = 25 // hundredths of a second
)

// inStep waits until the trustees' programs have nothing to verify.
func (e *Election) inStep(ctx context.Context) error {
	last, idle := make([]int, len(e.counting)), 0
	for idle < idleSeconds {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
		busy := false
		for i, c := range e.counting {
			select {
			case err := <-c.done:
				c.done <- err
				return c.failed(errors.Join(errors.New("it ended before the close"), err))
			default:
			}
			now, err := processorTicks(c.cmd.Process.Pid)
			if err != nil {
				return fmt.Errorf("watch trustee: %w", err)
			}
			busy = busy || now-last[i] > idleTicks
			last[i] = now
		}
		if idle++; busy {
			idle = 0
		}
	}
	return nil
}

func (c *counting) failed(err error) error {
	text := c.err.String()
	return fmt.Errorf("trustee: %w: %s", err, text[max(0, len(text)-2000):])
}

// processorTicks a process has used, in hundredths of a second.
func processorTicks(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold blanks; user and system time are the
	// twelfth and thirteenth field after it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("the system tells nothing of its time")
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}

// decrypt waits until all trustees' programs have sent their shares; without
// programs that follow it starts them.
func (e *Election) decrypt(ctx context.Context) error {
	if len(e.counting) == 0 {
		if err := e.TrusteesOnline(ctx); err != nil {
			return err
		}
	}
	for _, c := range e.counting {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-c.done:
			c.done <- err
			if err != nil {
				return c.failed(err)
			}
		}
	}
	return nil
}

// Count lets the trustees decrypt, after the close, and returns when the result
// stands on the ledger. Without TrusteesOnline before they begin only now.
func (e *Election) Count(ctx context.Context) error {
	if err := e.AwaitPhase(ctx, electionv1.Phase_PHASE_COUNTING); err != nil {
		return err
	}
	if err := e.decrypt(ctx); err != nil {
		return err
	}
	return e.join(ctx)
}
