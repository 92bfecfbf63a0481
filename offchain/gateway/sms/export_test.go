package sms

// For tests of what the wire is made of.
var (
	ReadPDU      = readPDU
	ParseReceipt = parseReceipt
	Segments     = segments
	Validity     = validity
)

// Delivered and ID show what a receipt says.
func Delivered(r report) bool { return r.delivered }
func ID(r report) string      { return r.id }
