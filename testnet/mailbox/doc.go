// Package mailbox is a simulated mail provider for test networks: it speaks SMTP
// over TCP, with STARTTLS and log-in where it is given a certificate and
// accounts, keeps what each mailbox received (package inbox), and misbehaves on
// command: it puts off, delays, refuses, doubles, loses and dies.
package mailbox
