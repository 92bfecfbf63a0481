//go:build unix

package main

import (
	"os"
	"syscall"
)

// onDisk is what a file takes of the disk.
func onDisk(info os.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(s.Blocks) * 512
	}
	return info.Size()
}
