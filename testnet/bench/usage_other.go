//go:build !unix

package main

import "os"

// onDisk is a file's length here.
func onDisk(info os.FileInfo) int64 { return info.Size() }
