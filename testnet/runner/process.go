package runner

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a node that was started.
type process struct {
	cmd *exec.Cmd
	// ended is closed when the process has ended and err is set.
	ended chan struct{}
	err   error
}

func (n *Node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process != nil {
		select {
		case <-n.process.ended:
		default:
			return fmt.Errorf("start %s: it runs already", n.Name)
		}
	}
	log, err := os.OpenFile(n.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	cmd := exec.Command(n.spec.Binary, append([]string{"start", "--home", filepath.Join(n.spec.Dir, n.Home)}, n.spec.Args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if n.spec.Detach {
		cmd.SysProcAttr = outlive()
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ties the child's life to the thread that made it, so that
		// thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		_ = log.Close() // only the child wrote to it
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", n.Name, err), log.Close())
	}
	n.process = p
	return nil
}

// end stops the process and waits for it; a stopped node is left alone.
func (n *Node) end(hard bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.process
	if p == nil {
		return nil
	}
	n.process = nil
	select {
	case <-p.ended:
		return fmt.Errorf("stop %s: it had ended by itself: %v; the end of its log:\n%s", n.Name, p.err, n.tail())
	default:
	}
	if hard {
		if err := p.cmd.Process.Kill(); err != nil {
			return fmt.Errorf("kill %s: %w", n.Name, err)
		}
		<-p.ended
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", n.Name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(n.spec.Grace):
		err := p.cmd.Process.Kill()
		<-p.ended
		return errors.Join(fmt.Errorf("stop %s: it did not stop in %s and was killed", n.Name, n.spec.Grace), err)
	}
	if p.err != nil {
		return fmt.Errorf("stop %s: %w; the end of its log:\n%s", n.Name, p.err, n.tail())
	}
	return nil
}

// PID of the running process, 0 while the node is stopped.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.runs() {
		return 0
	}
	return n.process.cmd.Process.Pid
}

// stopped reports whether the node does not run.
func (n *Node) stopped() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.runs()
}

// runs asks under the lock.
func (n *Node) runs() bool {
	if n.process == nil {
		return false
	}
	select {
	case <-n.process.ended:
		return false
	default:
		return true
	}
}

// logFile is where the node's output goes.
func (n *Node) logFile() string { return filepath.Join(n.spec.Dir, "logs", n.Name+".log") }

// tail is the end of the node's log, for error messages.
func (n *Node) tail() []byte {
	raw, err := os.ReadFile(n.logFile())
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-20):], nil)
}
