// Package processor tells how much processor time this process has taken, where
// the operating system says so.
package processor
