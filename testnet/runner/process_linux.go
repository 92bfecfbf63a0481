package runner

import "syscall"

// dieWithParent lets the kernel kill the child when this program ends.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// outlive lets the child go on when this program ends, out of reach of its
// terminal.
func outlive() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
