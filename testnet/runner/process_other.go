//go:build !linux

package runner

import "syscall"

// dieWithParent: only Linux ties a child's life to its parent's.
func dieWithParent() *syscall.SysProcAttr { return nil }

// outlive: a child that nothing ties to this program goes on by itself.
func outlive() *syscall.SysProcAttr { return nil }
