package runner

import "syscall"

// dieWithParent lets the kernel kill the child when this program ends.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
