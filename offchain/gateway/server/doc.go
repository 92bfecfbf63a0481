// Package server is a gateway's HTTP server: so many connections, headers and
// bodies in time, requests under way ended before it stops.
//
// # How it stops
//
//	told to stop     /v1/ready says no (Stopping); requests are still taken
//	after Drain      no more connections; requests under way end
//	after EndTime    what still runs is broken off
//
// A balancer has seen the refusal by the end of Drain, so nobody meets a closed
// port; a voter whose record was bound gets the answer.
//
// The package must never log an address: the library's own lines, which name
// them, are dropped.
package server
