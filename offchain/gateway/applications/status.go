package applications

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Status of an application.
type Status uint8

// The statuses.
const (
	Submitted Status = iota + 1
	Accepted
	Rejected
	Withdrawn
)

var statusNames = map[Status]string{Submitted: "submitted", Accepted: "accepted", Rejected: "rejected", Withdrawn: "withdrawn"}

// String is the status' name in the API.
func (s Status) String() string { return statusNames[s] }

// Reason of a rejection.
type Reason string

// The reasons.
const (
	// Data: incomplete, or not those of an elector.
	Data        Reason = "data"
	Citizenship Reason = "citizenship"
	Age         Reason = "age"
	Residence   Reason = "residence"
	Late        Reason = "late"
	// Territory has no remote voting.
	NoRemoteVoting Reason = "territory"
	// Duplicate: another account has applied for the same elector.
	Duplicate Reason = "duplicate"
	// Struck: the elector was struck from the voter register, or may not vote.
	Struck    Reason = "struck"
	Technical Reason = "technical"
)

// Reasons lists all.
func Reasons() []Reason {
	return []Reason{Data, Citizenship, Age, Residence, Late, NoRemoteVoting, Duplicate, Struck, Technical}
}

// Number of an application within its campaign.
type Number int64

// damm is the table of a quasigroup whose check digit finds every wrong digit
// and every two neighbours exchanged (H. M. Damm, 2004).
var damm = [10]string{"0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"}

func checkDigit(digits string) byte {
	state := byte('0')
	for _, d := range []byte(digits) {
		state = damm[state-'0'][d-'0']
	}
	return state
}

// String is the number as people write it: six digits or more and a check digit.
func (n Number) String() string {
	digits := fmt.Sprintf("%06d", int64(n))
	return digits + "-" + string(checkDigit(digits))
}

// ParseNumber reads a number and finds a wrong digit.
func ParseNumber(text string) (Number, error) {
	digits, check, ok := strings.Cut(strings.TrimSpace(text), "-")
	n, err := strconv.ParseUint(digits, 10, 62)
	if !ok || err != nil || n == 0 || len(check) != 1 || Number(n).String() != digits+"-"+check {
		return 0, errors.New("number of an application: digits and a check digit such as 000001-3, as printed on the confirmation")
	}
	return Number(n), nil
}
