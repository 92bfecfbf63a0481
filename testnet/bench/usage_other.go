//go:build !unix

package main

import "os"

// peakMB is not known here.
func peakMB(*os.ProcessState) float64 { return 0 }

// onDisk is a file's length here.
func onDisk(info os.FileInfo) int64 { return info.Size() }
