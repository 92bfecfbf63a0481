// Package wholefile writes files so that after a crash, of the machine too, the
// whole of a file is there or nothing of it. What returned without an error is on
// the disk.
//
// The package must never know what a file holds.
package wholefile
