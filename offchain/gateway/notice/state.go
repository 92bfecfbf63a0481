package notice

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// ErrFull is returned at once when as many messages wait as the queue holds. The
// person chooses another channel or asks again later.
var ErrFull = errors.New("offer message: the queue of this channel is full; try again later or choose another channel")

// ErrAbsent is returned for a channel that this gateway was not given.
var ErrAbsent = errors.New("offer message: this gateway has no such channel")

// ErrClosed is returned while the process ends.
var ErrClosed = errors.New("offer message: the gateway is stopping")

// Ticket names a message that was taken into the queue, for this process alone.
type Ticket [16]byte

// String is the ticket in hex.
func (t Ticket) String() string { return hex.EncodeToString(t[:]) }

// Phase is how far a message came.
type Phase uint8

// The phases. Unknown is a message of another process, or one finished so long
// ago that it is forgotten.
const (
	Unknown   Phase = iota
	Queued          // waits here; nobody has it yet
	Sent            // the provider has it and has reported nothing
	Delivered       // the provider reports that the person has it
	Failed          // it will not come
)

// String is the phase's name in the API.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("phase(%d)", uint8(p))
}

var phaseNames = [...]string{"unknown", "queued", "sent", "delivered", "failed"}

// Reason is why a message will not come, plainly enough to act upon.
type Reason uint8

// The reasons.
const (
	NoReason    Reason = iota
	Expired            // its last moment came before a provider took it
	BadAddress         // the provider says that no such number or mailbox exists
	Rejected           // the provider refuses this message or this sender
	Undelivered        // the provider took it and could not bring it
	Stopped            // the gateway stopped before it could be sent
)

// String is the reason's name in the API and in metrics.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

var reasonNames = [...]string{"none", "expired", "bad-address", "rejected", "undelivered", "stopped"}

// State is what became of a message so far.
type State struct {
	Phase  Phase
	Reason Reason // of Failed
	// Attempts counts how often it was handed to the provider.
	Attempts int
}

// Condition is how well a channel works now.
type Condition uint8

// The conditions.
const (
	Absent Condition = iota // this gateway has no such channel
	Good
	Slow // messages take long: say so and offer another channel
	Down // the provider takes nothing
)

// String is the condition's name in the API and in metrics.
func (c Condition) String() string {
	if int(c) < len(conditionNames) {
		return conditionNames[c]
	}
	return fmt.Sprintf("condition(%d)", uint8(c))
}

var conditionNames = [...]string{"absent", "good", "slow", "down"}

// Health is a channel's condition with what it rests on.
type Health struct {
	Condition Condition
	Waiting   int           // messages that no provider has
	Capacity  int           // how many may wait
	Oldest    time.Duration // how long the first of them has waited
}
