// Package room is the waiting room in front of log-in: when more people come
// than the gateway can serve they get numbers, and are let in in their order, as
// fast as the processes have power.
//
// Specification: docs/spec/gateway.md, section "Waiting room".
//
// # Order
//
// Two numbers in SQL are all that is shared: the last ticket given out and the
// last admitted. Numbers are given in the order of asking (of requests at one
// process exactly, between replicas as their transactions commit); each process
// moves the admitted number on by what it can serve. So tickets outlive restarts,
// and the order holds over replicas. A ticket is its number under a key that the
// replicas share: asking for its place reads no database.
//
// While nobody waits, people are let in without a ticket.
//
// # Speed
//
//	rate = min(ceiling, max(per_second, 0.8 × processors / processor time a person takes))
//
// Processor time and people served are sums that fade by half in ten minutes, so
// the rate follows what this machine really does; it rises by half a hundredth a
// second at most. The ceiling stands for all
// that is not this process: when a fifth of the requests take longer than a
// second it becomes what is really served, half of that is let in until the
// congestion is over, and after a minute it rises again by a thousandth a second.
//
// # Estimate
//
// Place in the queue over the speed at which the admitted number really moved
// in the last half minute, of all replicas together.
//
// The package must never know who waits.
package room
