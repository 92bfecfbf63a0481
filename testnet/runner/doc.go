// Package runner runs a test network as real processes on loopback: the same
// program, the same files, the same signals as in service. Demonstrations and
// tests use it alike.
//
// Processes end with the network, and on Linux with the program that started
// them, however that ends. Their output is in logs/NAME.log of the network's
// directory.
package runner
