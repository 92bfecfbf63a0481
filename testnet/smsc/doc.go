// Package smsc is a simulated short message service centre for test networks: it
// speaks SMPP 3.4 over TCP as a provider's does, keeps what each phone received
// (package inbox), and misbehaves on command: it throttles, delays, answers
// never, doubles, loses and dies.
//
// It stands on the PDU library alone and shares no code with the gateway's
// client, so that the two check each other.
package smsc
